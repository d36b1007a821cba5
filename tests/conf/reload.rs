//! A reload takes effect whole, or not at all.

use strowger_tests::{TestConf, ms, secs};

const ONE: &str = "<context name=\"default\"><extension name=\"a\"><condition field=\"destination_number\" expression=\"^1$\">\
    <action application=\"answer\"/><action application=\"playback\" data=\"tone_stream://%(1000,0,440);loops=-1\"/></condition></extension></context>";

#[test]
fn a_broken_file_changes_nothing_and_is_named() {
    let mut t = TestConf::contexts(ONE).start();
    let file = t.switch().conf_dir().join("strowger.xml");
    let good = std::fs::read_to_string(&file).expect("read");
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(1));
    for cut in (0..good.len()).step_by(good.len() / 40) {
        if !good.is_char_boundary(cut) {
            continue;
        }
        std::fs::write(&file, &good[..cut]).expect("written");
        let generation = t.switch().config().generation();
        let report = t.reload().expect_err("a broken file is refused");
        assert!(report.has_errors());
        let named = report.iter().any(|d| {
            d.source
                .as_ref()
                .is_some_and(|s| s.file.ends_with("strowger.xml"))
        });
        assert!(
            named,
            "cut at {cut}: {:?}",
            report.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
        assert_eq!(t.switch().config().generation(), generation);
    }
    let bob = t.phone("1001");
    bob.dial("1");
    t.run_for(secs(1));
    bob.forgets();
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(
        bob.hears(&[440.0, 700.0]),
        [440.0],
        "new calls use the old configuration"
    );
    assert_eq!(
        alice.hears(&[440.0, 700.0]),
        [440.0],
        "calls that are up go on"
    );
}

#[test]
fn a_good_file_takes_effect_for_the_next_call() {
    let mut t = TestConf::contexts(ONE).start();
    let file = t.switch().conf_dir().join("strowger.xml");
    let text = std::fs::read_to_string(&file).expect("read");
    std::fs::write(&file, text.replace("(1000,0,440)", "(1000,0,700)")).expect("written");
    assert!(t.reload().is_ok());
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(ms(600));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(&[440.0, 700.0]), [700.0]);
}
