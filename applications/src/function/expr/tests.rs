//! What `expr` answers.

use super::calculate;
use proptest::prelude::*;

fn expr(text: &str) -> String {
    calculate(text).unwrap_or_else(|| "!err!".to_owned())
}

#[test]
fn arithmetic() {
    for (text, expected) in [
        ("1+1", "2"),
        ("1+2*3", "7"),
        ("(1+2)*3", "9"),
        ("2^3^2", "512"),
        ("-2^2", "4"),
        ("10/4", "2.5"),
        ("1/3", "0.3333333333"),
        ("-5+5", "0"),
        ("7 - 10", "-3"),
        ("1/0", "!err!"),
        ("", "!err!"),
        ("1+", "!err!"),
        ("unknown", "!err!"),
        ("1 2", "!err!"),
        ("system(1)", "!err!"),
    ] {
        assert_eq!(expr(text), expected, "{text}");
    }
}

#[test]
fn functions_and_variables() {
    for (text, expected) in [
        ("min(3,1,2)", "1"),
        ("max(3,1,2)", "3"),
        ("mod(7,3)", "1"),
        ("sqrt(16)", "4"),
        ("if(above(2,1),10,20)", "10"),
        ("floor(2.7)+ceil(2.1)", "5"),
        ("a=5;a*2", "10"),
        ("a=2~b=3~a*b", "6"),
        ("many(1,2,3)", "3"),
        ("x=0;for(i=0,below(i,5),i=i+1,x=x+i);x", "10"),
        ("poly(2,1,0,1)", "5"),
        ("clip(15,0,10)", "10"),
        ("not(0)", "1"),
        ("for(i=0,1,i=i+1,i)", "!err!"),
        ("sqrt(0-1)", "!err!"),
    ] {
        assert_eq!(expr(text), expected, "{text}");
    }
    let random: f64 = expr("random(5,6)").parse().expect("a number");
    assert!((5.0..=6.0).contains(&random));
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}1{}", "(".repeat(2_000), ")".repeat(2_000));
    assert_eq!(expr(&deep), "!err!");
    assert_eq!(expr(&"-".repeat(4_000)), "!err!");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_text_has_an_answer(text in "[-+*/^()a-z0-9.,;=~& ]{0,40}") {
        let _ = calculate(&text);
    }
}
