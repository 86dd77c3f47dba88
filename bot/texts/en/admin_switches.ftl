# What is turned on and off
admin-switches = 🚧 <b>Maintenance and sales</b>
admin-about-maintenance = <b>Maintenance mode.</b> While it is on, the bot serves only administrators; everybody else hears that it is back in a few minutes. VPN access keeps working, and payments still arrive.
admin-about-sales-closed = <b>Sales.</b> While they are closed, nothing new is sold and no trial begins. What was paid is honoured.
admin-maintenance-on = 🚧 Start maintenance
admin-maintenance-off = ✅ End maintenance
admin-sales-closed-on = 🔒 Close sales
admin-sales-closed-off = ✅ Open sales
