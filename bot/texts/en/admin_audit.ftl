# The audit log
admin-audit = 📜 <b>What administrators did</b>, the latest first
admin-audit-none = 📜 Nothing was changed by administrators yet.
admin-audit-latest = ⇤ The latest
