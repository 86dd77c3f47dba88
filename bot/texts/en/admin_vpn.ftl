# VPN hosts
admin-hosts = 🖥 <b>VPN hosts</b>

    Clients of capacity. 🟢 takes people, 🔴 does not answer, 🟡 maintenance, ⚫️ retired.
admin-hosts-none = 🖥 There are no VPN hosts yet. The first comes from VPN_API_URL, VPN_API_KEY and VPN_SHARE_LINK.
admin-host-load = Clients: { $load }, weight { $weight }
admin-host-well = It answers ✅
admin-host-away = ⚠️ It does not answer. It gets no new people until it does.
admin-host-is-active = State: active, takes new people
admin-host-is-maintenance = State: maintenance, takes no new people; those who are there stay
admin-host-is-retired = State: retired, nobody looks after it any more
admin-host-to-active = 🟢 Activate
admin-host-to-maintenance = 🟡 Maintenance
admin-host-to-retired = ⚫️ Retire
admin-host-retire-sure = Retire <b>{ $name }</b>? The bot stops looking after it, and { $clients ->
    [one] { $clients } client
   *[other] { $clients } clients
} of it will not be renewed or removed there.
admin-host-retire-yes = Yes, retire it

# Access that isn't where it should be
admin-provisioned = 🩺 All that was granted is on its host. ✅
admin-unprovisioned = 🩺 <b>{ $count ->
    [one] { $count } access is not on its host yet
   *[other] { $count } accesses are not on their hosts yet
}</b>

    The bot keeps trying. ⚠️: longer than usual, the person was told.
admin-unprovisioned-one = { $id }, host { $host }: waits { $since }, { $attempts ->
    [one] { $attempts } attempt
   *[other] { $attempts } attempts
}
admin-no-host = none with room
