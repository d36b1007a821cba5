//! How values are spoken in English.

use super::{date, number, spelling};
use strowger_core::sound::{SayRequest, SayType, Speaker};

/// English.
pub struct English;

impl Speaker for English {
    fn language(&self) -> &'static str {
        "en"
    }

    fn say(&self, request: &SayRequest<'_>) -> Result<Vec<String>, String> {
        let (text, method) = (request.text, request.method);
        match request.kind {
            SayType::Number | SayType::Items | SayType::Persons | SayType::Messages => {
                number::number(text, method)
            }
            SayType::Currency => number::currency(text, method),
            SayType::IpAddress => number::address(text, method),
            SayType::TimeMeasurement => date::length(request),
            SayType::CurrentDate => Ok(date::date(&date::moment(request)?)),
            SayType::CurrentTime => Ok(date::time_of_day(&date::moment(request)?, method)),
            SayType::CurrentDateTime => Ok(date::date_and_time(&date::moment(request)?, method)),
            SayType::ShortDateTime => Ok(date::short_date_and_time(
                &date::moment(request)?,
                &request.now,
                method,
            )),
            SayType::TelephoneNumber => Ok(spelling::telephone(text)),
            SayType::NameSpelled => Ok(spelling::name(text, "ascii")),
            SayType::NamePhonetic => Ok(spelling::name(text, "phonetic-ascii")),
            kind @ (SayType::TelephoneExtension
            | SayType::Url
            | SayType::EmailAddress
            | SayType::PostalAddress
            | SayType::AccountNumber) => Err(format!("{kind:?} cannot be said in English")),
        }
    }
}
