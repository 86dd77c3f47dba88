# О боте
command-start = Начать сначала
command-menu = Главное меню
command-buy = Продлить или купить
command-access = Мой доступ
command-connect = Подключиться
command-balance = Баланс и пополнение
command-invite = Пригласить друга
command-promo = Ввести промокод
command-gifts = Подарки
command-language = Сменить язык
command-help = Помощь
command-support = Написать в поддержку
command-paysupport = Вопрос об оплате
description = Warren — личный VPN: доступ, подключение и помощь прямо в этом чате. Нажмите «Начать».
short-description = Личный VPN: доступ и подключение прямо в Telegram
