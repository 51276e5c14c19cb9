"""Words for password in other languages, in lower case; a blank may also be ``_`` or ``-``."""

from __future__ import annotations

PASSWORD: tuple[str, ...] = (
    "kennwort",  # German; what ends in passwort is known as other names are
    "mot de passe",  # French
    "contraseña", "contrasena",  # Spanish
    "contrasenya",  # Catalan
    "senha", "palavra passe",  # Portuguese
    "parola d'ordine", "parola",  # Italian, Romanian
    "wachtwoord",  # Dutch
    "lösenord", "losenord",  # Swedish
    "adgangskode",  # Danish
    "passord",  # Norwegian
    "salasana",  # Finnish
    "hasło", "haslo",  # Polish
    "heslo",  # Czech, Slovak
    "lozinka",  # Croatian, Serbian
    "jelszó", "jelszo",  # Hungarian
    "şifre", "sifre",  # Turkish
    "mật khẩu",  # Vietnamese
    "kata sandi",  # Indonesian
    "пароль", "парола", "лозинка",  # Russian, Ukrainian; Bulgarian; Serbian
    "κωδικός πρόσβασης",  # Greek
    "סיסמה", "סיסמא",  # Hebrew
    "كلمة المرور", "كلمة السر",  # Arabic
    "رمز عبور",  # Persian
    "पासवर्ड",  # Hindi
    "รหัสผ่าน",  # Thai
    "密码", "密碼", "口令",  # Chinese
    "パスワード", "暗証番号",  # Japanese
    "비밀번호", "암호",  # Korean
)  # fmt: skip

IN_ASCII: tuple[str, ...] = (
    "kennwort", "passe", "contrasen", "senha", "parola", "wachtwoord", "losenord", "adgangskode", "passord",
    "salasana", "haslo", "heslo", "lozinka", "jelszo", "sifre", "kata",
)  # fmt: skip
"""An ASCII text without any of them has none of these words."""
