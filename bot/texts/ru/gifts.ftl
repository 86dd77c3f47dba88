# Подарки
gifts = 🎁 <b>Подарки</b>

    Подарите доступ близким: вы платите здесь и получаете ссылку. Кто её откроет, сразу подключится.
gifts-line = <b>{ $title }</b> · { $state }
gifts-open = 🔗 { $title } · { $day }
gifts-buy = 🎁 Купить подарок
gift = 🎁 <b>{ $title }</b>: { $days ->
    [one] { $days } день
    [few] { $days } дня
   *[many] { $days } дней
} доступа
gift-link = Отправьте эту ссылку тому, кому дарите. Она сработает один раз.

    <code>{ $link }</code>
gift-send = 📨 Отправить подарок
gift-words = Дарю тебе доступ к VPN. Открой ссылку и нажми «Начать»: подключение займёт минуту.
gift-is-waiting = ждёт с { $day }
gift-is-taken = открыт { $day }
gift-is-canceled = деньги возвращены { $day }
gift-plans = 🎁 <b>Что подарить?</b>
gift-plan = 🎁 <b>Подарок</b>
gift-title = Подарок: доступ к VPN
