//! Call records: what is known of a call when it is over, and the files that keep it.

mod csv;

pub use csv::{CdrCsv, CsvWriter};

use strowger_model::{Channel, Zone};

/// Sets the variables of a finished call.
pub struct CallRecord;

impl CallRecord {
    /// Sets the times and durations of the call as channel variables, under their FreeSWITCH names.
    pub fn set_variables(channel: &mut Channel, zone: Zone) {
        let times = channel.times;
        let end = times.hungup;
        let stamps = [
            ("start", times.created, true),
            ("profile_start", times.profile_created, true),
            ("answer", times.answered, false),
            ("bridge", times.bridged, false),
            ("progress", times.progress, false),
            ("progress_media", times.progress_media, false),
            ("end", end, true),
        ];
        let variables = &mut channel.variables;
        for (name, micros, always) in stamps {
            if micros != 0 || always {
                variables.set(&format!("{name}_stamp"), stamp(micros, &zone));
            }
            variables.set(&format!("{name}_epoch"), (micros / 1_000_000).to_string());
            variables.set(&format!("{name}_uepoch"), micros.to_string());
        }
        let since = |from: i64| if from == 0 { 0 } else { (end - from).max(0) };
        let until = |to: i64| {
            if to == 0 {
                0
            } else {
                (to - times.created).max(0)
            }
        };
        let flow = if times.answered == 0 {
            0
        } else {
            since(times.created)
        };
        for (seconds, millis, micros, value) in [
            ("duration", "mduration", "uduration", since(times.created)),
            ("billsec", "billmsec", "billusec", since(times.answered)),
            (
                "answersec",
                "answermsec",
                "answerusec",
                until(times.answered),
            ),
            ("waitsec", "waitmsec", "waitusec", until(times.bridged)),
            (
                "progresssec",
                "progressmsec",
                "progressusec",
                until(times.progress),
            ),
            (
                "progress_mediasec",
                "progress_mediamsec",
                "progress_mediausec",
                until(times.progress_media),
            ),
            ("flow_billsec", "flow_billmsec", "flow_billusec", flow),
            (
                "hold_accum_seconds",
                "hold_accum_ms",
                "hold_accum_usec",
                times.hold_accum,
            ),
        ] {
            variables.set(seconds, (value / 1_000_000).to_string());
            variables.set(millis, (value / 1_000).to_string());
            variables.set(micros, value.to_string());
        }
        if !channel.application.is_empty() {
            let (app, data) = (
                channel.application.clone(),
                channel.application_data.clone(),
            );
            channel.variables.set("last_app", app);
            channel
                .variables
                .set("last_arg", strowger_model::Expanded::network(data));
        }
        let (name, number) = (
            &channel.profile.caller_id_name,
            &channel.profile.caller_id_number,
        );
        let caller = if name.is_empty() {
            number.clone()
        } else {
            format!("\"{name}\" <{number}>")
        };
        channel
            .variables
            .set("caller_id", strowger_model::Expanded::network(caller));
    }
}

fn stamp(micros: i64, zone: &Zone) -> String {
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    strowger_model::strftime("%Y-%m-%d %H:%M:%S", &zone.to_local(time))
}
