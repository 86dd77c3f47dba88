"""Warren: a Telegram bot that sells VPN access and keeps what it sold true."""
