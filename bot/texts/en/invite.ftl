# Inviting a friend
invite = 👥 <b>Invite your friends</b>
invite-earns = Whenever a friend who came by your link pays for something, { $percent }% of it goes to your balance. Every time.
invite-about = Share the link with those who could use a fast and quiet internet.
invite-link = <b>Your link</b> (tap to copy)
    <code>{ $link }</code>
invite-invited = Came by your link: { $count ->
    [one] { $count } person
   *[other] { $count } people
}
invite-paid = Have paid: { $count ->
    [one] { $count } person
   *[other] { $count } people
}
invite-earned = You have earned: <b>{ $earned }</b>
invite-share = 📨 Send to a friend
invite-copy = 📋 Copy the link
invite-words = I use this VPN: it is fast and takes a minute to connect. Give it a try.
