//! `say_string`: the sounds that speak a value, as one sound.

use crate::audio::say::Say;
use strowger_core::CommandCall;
use strowger_core::sound::SayRequest;
use strowger_model::{Arguments, Expanded, Zone};

/// The sounds as `file_string://`.
pub async fn say_string(call: CommandCall<'_>) -> String {
    let usage = || {
        "-USAGE: <module>[.<extension>] <language> <type> <method> [<gender>] <text>\n".to_owned()
    };
    let Some((module, rest)) = call.arguments.trim().split_once(' ') else {
        return usage();
    };
    let (module, extension) = match module.as_str().split_once('.') {
        Some((module, extension)) => (module, extension),
        None => (module.as_str(), "wav"),
    };
    let Ok(args) = Say::parse(&rest) else {
        return usage();
    };
    let speakers = call.switch.speakers();
    let Some(speaker) = speakers
        .find(module)
        .or_else(|| speakers.find(&args.language))
    else {
        return format!("-ERR nothing can be said in the language {module}\n");
    };
    let zone = call
        .channel
        .and_then(|channel| channel.variables.text("timezone"))
        .and_then(|name| match name.trim().parse::<i32>() {
            Ok(hours) => Some(Zone::fixed(hours)),
            Err(_) => Zone::named(name),
        })
        .unwrap_or_else(|| call.switch.clock().zone());
    let local =
        |epoch: i64| zone.to_local(chrono::DateTime::from_timestamp(epoch, 0).unwrap_or_default());
    let said = speaker.say(&SayRequest {
        kind: args.kind,
        method: args.method,
        gender: args.gender,
        text: args.text.as_str(),
        now: zone.to_local(call.switch.clock().now()),
        local: &local,
    });
    match said {
        Ok(sounds) => joined(sounds, &Expanded::trusted(extension)),
        Err(why) => format!("-ERR {why}\n"),
    }
}

fn joined(sounds: Vec<String>, extension: &Expanded) -> String {
    let named: Vec<String> = sounds
        .into_iter()
        .map(|sound| match sound.strip_suffix(".wav") {
            Some(name) => format!("{name}.{extension}"),
            None => sound,
        })
        .collect();
    format!("file_string://{}", named.join("!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_get_the_extension_that_is_asked_for() {
        let sounds = vec!["digits/1.wav".to_owned(), "silence_stream://100".to_owned()];
        assert_eq!(
            joined(sounds, &Expanded::trusted("gsm")),
            "file_string://digits/1.gsm!silence_stream://100"
        );
    }
}
