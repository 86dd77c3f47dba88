// What the page itself says, in the language of the person who writes.

const WORDS = {
  ru: {
    online: "бот", typing: "печатает…", waits: "ждут доставки", offline: "нет связи со стендом",
    block: "Заблокировать", unblock: "Разблокировать", write: "Сообщение", people: "Кем вы пишете",
    admin: "админ", edited: "изменено", empty: "Здесь пока пусто", start: "НАЧАТЬ", send: "Отправить",
    attach: "Прикрепить фото", photo: "Фото", invoice: "Счёт", copied: "Скопировано", close: "Закрыть",
    about: "Что умеет этот бот?", forwarded: "Переслано от", today: "Сегодня", yesterday: "Вчера",
    open: "Открыть эту ссылку?", openYes: "Открыть", cancel: "Отмена",
    pay: "Заплатить", receipt: "Чек", confirm: "Подтверждение покупки", checkout: "Оформление", per: "в месяц",
    ask: (title, bot, price) => [`Купить «${title}» у ${bot} за `, price, "?"],
    askMonthly: (title, bot, price) => [`Подписаться на «${title}» у ${bot} за `, price, " в месяц?"],
    monthly: "Списывается каждые 30 дней. Отменить можно в любой момент в кошельке.",
    confirmPay: "Подтвердить и заплатить", subscribe: "Подписаться за", balance: "Баланс",
    waiting: "Ждём ответа бота…", paid: "Оплачено", again: "Попробовать снова", ready: "Готово",
    short: (stars) => ["Не хватает ", stars, "."], fill: "Пополнить на", filled: "Звёзды бесплатные: это стенд.",
    card: "Номер карты", expiry: "ММ/ГГ", cvc: "CVC", email: "Почта для чека", phone: "Телефон",
    testCard: "Подставить тестовую карту", declined: "Карта, которую отклонит банк: 4000 0000 0000 0002",
    sent: (price, title) => ["Вы заплатили ", price, ` за «${title}»`],
    renewed: (price, title) => ["Подписка «" + title + "» продлена за ", price],
    back: (price) => ["Бот вернул вам ", price], receiptOf: "Чек об оплате", date: "Дата", charge: "Номер платежа",
    total: "Сумма", refunded: "Возвращено", wallet: "Кошелёк", subscriptions: "Подписки", payments: "Платежи",
    until: "до", ends: "закончится", endedByBot: "отменена ботом", stop: "Отменить", resume: "Возобновить",
    next: "Списать за следующий месяц", none: "Платежей пока нет", mine: "Вы: ",
    reply: "Ответить", replyTo: "Ответ на сообщение",
  },
  en: {
    online: "bot", typing: "typing…", waits: "waiting for delivery", offline: "no connection to the stand-in",
    block: "Block", unblock: "Unblock", write: "Message", people: "Write as",
    admin: "admin", edited: "edited", empty: "No messages here yet", start: "START", send: "Send",
    attach: "Attach a photo", photo: "Photo", invoice: "Invoice", copied: "Copied", close: "Close",
    about: "What can this bot do?", forwarded: "Forwarded from", today: "Today", yesterday: "Yesterday",
    open: "Open this link?", openYes: "Open", cancel: "Cancel",
    pay: "Pay", receipt: "Receipt", confirm: "Confirm your purchase", checkout: "Checkout", per: "a month",
    ask: (title, bot, price) => [`Buy “${title}” from ${bot} for `, price, "?"],
    askMonthly: (title, bot, price) => [`Subscribe to “${title}” from ${bot} for `, price, " a month?"],
    monthly: "Charged every 30 days. You can cancel at any time in your wallet.",
    confirmPay: "Confirm and pay", subscribe: "Subscribe for", balance: "Balance",
    waiting: "Waiting for the bot…", paid: "Paid", again: "Try again", ready: "Done",
    short: (stars) => ["You need ", stars, " more."], fill: "Get", filled: "Stars cost nothing here: this is a stand-in.",
    card: "Card number", expiry: "MM/YY", cvc: "CVC", email: "Email for the receipt", phone: "Phone",
    testCard: "Use a test card", declined: "A card that the bank declines: 4000 0000 0000 0002",
    sent: (price, title) => ["You paid ", price, ` for “${title}”`],
    renewed: (price, title) => ["Your subscription “" + title + "” was renewed for ", price],
    back: (price) => ["The bot gave you back ", price], receiptOf: "Receipt", date: "Date", charge: "Payment number",
    total: "Total", refunded: "Refunded", wallet: "Wallet", subscriptions: "Subscriptions", payments: "Payments",
    until: "until", ends: "ends", endedByBot: "canceled by the bot", stop: "Cancel", resume: "Resume",
    next: "Charge for the next month", none: "No payments yet", mine: "You: ",
    reply: "Reply", replyTo: "Replying to",
  },
};

const FAILURES = {
  ru: {
    BOT_PRECHECKOUT_TIMEOUT: "Бот не ответил вовремя. Деньги не списаны.",
    BOT_PRECHECKOUT_FAILED: "Бот отклонил платёж. Деньги не списаны.",
    BALANCE_TOO_LOW: "На балансе не хватает звёзд.",
    PAYMENT_FAILED: "Банк отклонил платёж.",
    PAYMENT_CREDENTIALS_INVALID: "Проверьте данные карты.",
    INVOICE_ALREADY_PAID: "Этот счёт уже оплачен.",
    FORM_SUBMIT_DUPLICATE: "Этот платёж уже выполняется.",
    SLUG_INVALID: "Такого счёта нет.",
    SUBSCRIPTION_CANCELED: "Подписка отменена: ничего не списано.",
    SUBSCRIPTION_CANCELED_BY_BOT: "Подписку отменил бот: возобновить её может только он.",
  },
  en: {
    BOT_PRECHECKOUT_TIMEOUT: "The bot didn’t answer in time. You were not charged.",
    BOT_PRECHECKOUT_FAILED: "The bot declined the payment. You were not charged.",
    BALANCE_TOO_LOW: "You don’t have enough stars.",
    PAYMENT_FAILED: "The bank declined the payment.",
    PAYMENT_CREDENTIALS_INVALID: "Check the card’s details.",
    INVOICE_ALREADY_PAID: "This invoice is already paid.",
    FORM_SUBMIT_DUPLICATE: "This payment is already under way.",
    SLUG_INVALID: "There is no such invoice.",
    SUBSCRIPTION_CANCELED: "The subscription is canceled: nothing was charged.",
    SUBSCRIPTION_CANCELED_BY_BOT: "The bot canceled it: only the bot can resume it.",
  },
};

let language = "en";
export const speak = (code) => { language = code === "ru" ? "ru" : "en"; document.documentElement.lang = language; };
export const locale = () => language;
export const words = () => WORDS[language];
export const failure = (answer) => answer.words || FAILURES[language][answer.error] || answer.error;
