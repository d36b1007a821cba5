//! Passwords that everybody knows.

/// Shortest password that is not weak.
const SHORTEST: usize = 8;

const WELL_KNOWN: &[&str] = &[
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "0000",
    "1111",
    "4321",
    "9999",
    "password",
    "passw0rd",
    "secret",
    "changeme",
    "default",
    "admin",
    "administrator",
    "asterisk",
    "freeswitch",
    "cluecon",
    "sip",
    "voip",
    "phone",
    "test",
    "guest",
    "letmein",
    "qwerty",
    "qwertyui",
    "abcd1234",
    "strowger",
];

/// Whether a password is well known, too short, or the user's own name.
pub fn is_weak_password(user: &str, password: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    lower.len() < SHORTEST
        || WELL_KNOWN.contains(&lower.as_str())
        || lower == user.to_ascii_lowercase()
        || lower == format!("{user}{user}").to_ascii_lowercase()
        || lower.chars().all(|c| lower.starts_with(c))
}

#[cfg(test)]
mod tests {
    use super::is_weak_password;

    #[test]
    fn what_a_scanner_tries_first_is_weak() {
        for password in [
            "1234",
            "1000",
            "ClueCon",
            "password",
            "10001000",
            "aaaaaaaaaa",
            "",
        ] {
            assert!(is_weak_password("1000", password), "{password}");
        }
        assert!(!is_weak_password("1000", "mG4xTq9vKd2LpZ7w"));
    }
}
