//! The end of a call: goodbye to the phone, the call record, and oblivion.

use super::Session;
use crate::call_record::CallRecord;
use crate::endpoint::Indication;
use crate::originate::Progress;
use std::time::Duration;
use strowger_model::{AnswerState, CallState, ChannelState, EventName, HangupCause};

/// How long an endpoint with a full queue may take to hear the goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(5);

/// How long hooks of a dying call may take together.
const HOOKS_WITHIN: Duration = Duration::from_secs(5);

impl Session {
    /// `CS_HANGUP`: recordings complete, the endpoint says goodbye, media is released.
    pub(crate) async fn hang_up(&mut self) {
        let cause = self
            .handle
            .hangup_cause()
            .unwrap_or(HangupCause::NormalClearing);
        self.dirty = true;
        self.channel.cause = Some(cause);
        self.channel.times.hungup = self.switch.clock().micros();
        self.set("hangup_cause", cause.name());
        self.set("hangup_cause_q850", q850(cause).to_string());
        self.publish();
        // The one who dialled may only now learn why there is no call.
        self.report(Progress::Ended(cause));
        self.fire(
            EventName::ChannelHangup,
            &[("Hangup-Cause", cause.name().to_owned())],
        );
        self.stop_recordings(None).await;
        self.publish();
        // The endpoint may be gone when the exchange stops: the call ends all the same.
        let goodbye = self
            .port
            .to
            .send(Indication::Hangup(cause), self.handle.snapshot());
        if tokio::time::timeout(GOODBYE_WITHIN, goodbye).await.is_err() {
            tracing::error!(uuid = %self.channel.uuid, "the endpoint takes no goodbye");
        }
        self.channel.answer_state = AnswerState::Hangup;
        self.enter(ChannelState::Hangup);
        self.set_call_state(CallState::Hangup);
        for (name, value) in self.media.final_variables() {
            self.set(name, value);
        }
        self.media.close();
        self.handle.show_leg(None);
        let hook = self.text("api_hangup_hook");
        if !hook.is_empty()
            && self
                .own_variable("api_hangup_hook")
                .is_none_or(|text| !text.has_network())
        {
            self.hook(&hook).await;
        }
    }

    async fn hook(&mut self, text: &str) {
        let text = text.replacen("::", " ", 1);
        match tokio::time::timeout(HOOKS_WITHIN, self.run_command_text(&text)).await {
            Ok(reply) => tracing::debug!(uuid = %self.channel.uuid, reply, "hangup hook"),
            Err(_) => {
                tracing::warn!(uuid = %self.channel.uuid, hook = text, "the hangup hook took too long")
            }
        }
    }

    /// `CS_REPORTING` and `CS_DESTROY`: the call record is written, the last events are fired.
    pub(crate) async fn report_call(&mut self) {
        self.enter(ChannelState::Reporting);
        CallRecord::set_variables(&mut self.channel, self.switch.clock().zone());
        self.dirty = true;
        self.publish();
        self.switch.write_call_record(&self.handle.snapshot());
        let hook = self.text("api_reporting_hook");
        if !hook.is_empty()
            && self
                .own_variable("api_reporting_hook")
                .is_none_or(|text| !text.has_network())
        {
            self.hook(&hook).await;
        }
        let cause = self.channel.cause.unwrap_or(HangupCause::NormalClearing);
        self.fire(
            EventName::ChannelHangupComplete,
            &[("Hangup-Cause", cause.name().to_owned())],
        );
        self.enter(ChannelState::Destroy);
        self.fire(EventName::ChannelDestroy, &[]);
    }
}

/// The Q.850 number of a cause: FreeSWITCH's own causes above 127 are sent as 16 when they mean a normal end,
/// 31 otherwise.
fn q850(cause: HangupCause) -> u16 {
    match cause.code() {
        code if code <= 127 => code,
        487 | 800 | 801 | 805 | 702 | 703 | 701 => 16,
        _ => 31,
    }
}
