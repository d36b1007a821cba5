//! The preprocessor and the tree, from files in memory.

use std::{collections::BTreeMap, io};

use proptest::prelude::*;

use super::*;
use crate::xml::tree::Element;

/// Files in memory; `*` in a pattern stands for anything without `/`.
#[derive(Default)]
struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl PreprocessHost for Memory {
    fn env(&self, name: &str) -> Option<String> {
        (name == "HOME").then(|| "/home/x".to_owned())
    }

    fn exec(&mut self, command: &str) -> Result<String, String> {
        match command {
            "xml" => Ok("<made a='$${set}'/>".to_owned()),
            "say" => Ok("hello \n".to_owned()),
            _ => Err("off".to_owned()),
        }
    }

    fn stun(&mut self, server: &str) -> Result<String, String> {
        if server == "stun:good" {
            Ok("192.0.2.1".to_owned())
        } else {
            Err("no answer".to_owned())
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let Some((before, after)) = pattern.split_once('*') else {
            return self
                .0
                .keys()
                .filter(|p| p.as_path() == Path::new(pattern))
                .cloned()
                .collect();
        };
        let matches = |path: &&PathBuf| {
            let text = path.to_string_lossy();
            text.strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|middle| !middle.contains('/'))
        };
        self.0.keys().filter(matches).cloned().collect()
    }
}

fn read(files: &[(&str, &str)]) -> (Option<Document>, Globals, Diagnostics) {
    let mut host = Memory::default();
    for (name, text) in files {
        host.0
            .insert(Path::new("/conf").join(name), text.as_bytes().to_vec());
    }
    let (mut globals, mut report) = (Globals::new(), Diagnostics::new());
    let fixed = HashSet::from(["fixed".to_owned()]);
    globals.set("fixed", "first");
    let document = load(
        Path::new("/conf/root.xml"),
        &mut globals,
        &fixed,
        &mut host,
        &mut report,
    );
    (document, globals, report)
}

fn at(element: &Element) -> String {
    element.source.to_string()
}

#[test]
fn variables_includes_and_positions() {
    let root = "<?xml version=\"1.0\"?>\r\n<document>\n\
        <X-PRE-PROCESS cmd=\"set\" data=\"a = one\"/><ignored/>\n\
        <!-- <X-PRE-PROCESS cmd=\"set\" data=\"b=two\"/> -->\n\
        <XX-PRE-PROCESS cmd=\"set\" data=\"c=3\"/><lost/>\n\
        <X-NO-PRE-PROCESS cmd=\"set\" data=\"d=4\"/>\n\
        <X-PRE-PROCESS cmd=\"include\" data=\"sub/*.xml\"/>\n\
        <e x=\"$${a}$${b}\" y='$${unset}'/></document>";
    let sub = "<include>\n  <p q=\"ä$${a}\" r=\"s\"/>\n</include>\n";
    let (document, globals, report) = read(&[
        ("root.xml", root),
        ("sub/b.xml", sub),
        ("sub/a.xml", "<first/>"),
    ]);
    let commented = "/conf/root.xml:4:6: warning: directive in a comment runs all the same";
    assert!(
        report.len() == 1 && report.to_string().starts_with(commented),
        "{report}"
    );
    let root = document.unwrap().root;
    let names: Vec<_> = root.elements().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["X-NO-PRE-PROCESS", "first", "p", "e"]);
    assert_eq!(
        (globals.get("A"), globals.get("b"), globals.get("c")),
        (Some("one"), Some("two"), None)
    );
    let e = root.child("e").unwrap();
    assert_eq!((e.attr("x"), e.attr("y")), (Some("onetwo"), Some("")));
    assert_eq!(at(&root), "/conf/root.xml:2:1");
    assert_eq!(at(e), "/conf/root.xml:8:1");
    assert_eq!(e.attr_source("y").to_string(), "/conf/root.xml:8:19");
    let p = root.child("p").unwrap();
    assert_eq!(at(p), "/conf/sub/b.xml:2:3");
    assert_eq!(p.attr_source("r").to_string(), "/conf/sub/b.xml:2:17");
}

#[test]
fn old_comments_and_commands() {
    let root = "<d><!--#set \"a=1\"--><x v=\"$${a}\"/><!--#nothing here-->\n\
        <y/><!--#comment\n<lost/>\n <X-PRE-PROCESS cmd=\"set\" data=\"z=1\"/>\n--><kept v=\"$${a}\"/>\n\
        <X-PRE-PROCESS cmd=\"exec\" data=\"xml\"/>\n\
        <X-PRE-PROCESS cmd=\"exec-set\" data=\"said=say\"/>\n\
        <X-PRE-PROCESS cmd=\"env-set\" data=\"home=$HOME\"/>\n\
        <X-PRE-PROCESS cmd=\"env-set\" data=\"none=$NONE\"/>\n\
        <X-PRE-PROCESS cmd=\"stun-set\" data=\"ip=stun:good\"/>\n\
        <X-PRE-PROCESS cmd=\"set\" data=\"fixed=second\"/>\n\
        <X-PRE-PROCESS cmd=\"stun-set\" data=\"ip6=stun:bad\"/>\n</d>";
    let (document, globals, report) = read(&[("root.xml", root)]);
    let root = document.unwrap().root;
    let names: Vec<_> = root.elements().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["x", "y", "kept", "made"]);
    // A variable is put in before the line's own directive runs.
    assert_eq!(root.child("x").unwrap().attr("v"), Some(""));
    assert_eq!(root.child("kept").unwrap().attr("v"), Some("1"));
    assert_eq!(root.child("made").unwrap().attr("a"), Some("$${set}"));
    assert_eq!(globals.get("said"), Some("hello"));
    assert_eq!(globals.get("home"), Some("/home/x"));
    assert_eq!(globals.get("ip"), Some("192.0.2.1"));
    assert_eq!(globals.get("fixed"), Some("first"));
    assert_eq!((globals.get("none"), globals.get("z")), (None, None));
    assert_eq!(report.len(), 1);
    assert!(
        report
            .to_string()
            .starts_with("/conf/root.xml:12:1: warning: `ip6` stays unset"),
        "{report}"
    );
}

#[test]
fn errors_of_all_files_with_their_places() {
    let files = [
        (
            "root.xml",
            "<d>\n<X-PRE-PROCESS cmd=\"include\" data=\"a.xml\"/>\n<X-PRE-PROCESS cmd=\"include\" data=\"b.xml\"/>\n</d>",
        ),
        ("a.xml", "<one>\n<two x=1/>\n</on>\n</one>"),
        (
            "b.xml",
            "  <three>\n<X-PRE-PROCESS cmd=\"include\" data=\"b.xml\"/>\n",
        ),
    ];
    let (_, _, report) = read(&files);
    let lines: Vec<_> = report
        .sorted()
        .iter()
        .map(|d| d.source.clone().unwrap().to_string())
        .collect();
    assert_eq!(
        lines,
        [
            "/conf/a.xml:2:6",
            "/conf/a.xml:3:1",
            "/conf/b.xml:1:3",
            "/conf/b.xml:2:1"
        ]
    );
}

#[test]
fn elements_beside_an_include_tag_are_lost_with_a_warning() {
    let (document, _, report) = read(&[(
        "root.xml",
        "<?xml version=\"1.0\"?>\n<d>\n<include><lost/></include>\n</d>",
    )]);
    assert_eq!(document.unwrap().root.elements().count(), 0);
    assert!(
        report
            .to_string()
            .starts_with("/conf/root.xml:3:1: warning: elements on this line are lost"),
        "{report}"
    );
    assert_eq!(report.len(), 1);
}

#[test]
fn includes_stay_inside_and_end() {
    let (_, _, report) = read(&[(
        "root.xml",
        "<d>\n<X-PRE-PROCESS cmd=\"include\" data=\"../../etc/passwd\"/>\n<X-PRE-PROCESS cmd=\"include\" data=\"/etc/*.xml\"/>\n<X-PRE-PROCESS cmd=\"include\" data=\"missing.xml\"/>\n<X-PRE-PROCESS cmd=\"include\" data=\"none/*.xml\"/>\n</d>",
    )]);
    assert_eq!(report.errors(), 2, "{report}");
    assert_eq!(report.len(), 3, "{report}");
    let deep: Vec<(String, String)> = (0..30)
        .map(|n| {
            let name = if n == 0 {
                "root.xml".to_owned()
            } else {
                format!("{n}.xml")
            };
            (
                name,
                format!(
                    "<d{n}>\n<X-PRE-PROCESS cmd=\"include\" data=\"{}.xml\"/>\n</d{n}>",
                    n + 1
                ),
            )
        })
        .collect();
    let deep: Vec<_> = deep.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let (_, _, report) = read(&deep);
    assert!(
        report.to_string().contains("more than 16 files"),
        "{report}"
    );
}

#[test]
fn dangerous_documents_are_refused() {
    let bomb = "<!DOCTYPE d [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>\n<d>&b;</d>";
    let (document, _, report) = read(&[("root.xml", bomb)]);
    assert!(report.has_errors());
    assert_eq!(document.unwrap().root.text(), "&b;");
    let deep = "<a>".repeat(100_000);
    let (_, _, report) = read(&[("root.xml", &deep)]);
    assert!(
        report.to_string().contains("more than 64 elements"),
        "{report}"
    );
    let (document, _, report) = read(&[("root.xml", "")]);
    assert!(document.is_none() && report.has_errors());
}

#[test]
fn text_entities_and_other_encodings() {
    let mut host = Memory::default();
    let text = b"<d a='&lt;&#65;&#x42;&amp;&nope;'>x &gt; <![CDATA[<y>]]> <!-- no --> \xe4 z</d>";
    host.0.insert("/conf/root.xml".into(), text.to_vec());
    let (mut globals, mut report) = (Globals::new(), Diagnostics::new());
    let document = load(
        Path::new("/conf/root.xml"),
        &mut globals,
        &HashSet::new(),
        &mut host,
        &mut report,
    )
    .unwrap();
    assert_eq!(document.root.attr("a"), Some("<AB&&nope;"));
    assert_eq!(document.root.text(), "x > <y>  ä z");
    assert!(!report.has_errors());
    assert_eq!(report.len(), 2, "{report}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a file contains, loading ends without a panic.
    #[test]
    fn any_text_loads(text in "[<>/!\\-\\[\\]#$={}a\"' &;?\\n\\r]{0,80}|\\PC{0,60}") {
        let _ = read(&[("root.xml", &text)]);
        let directive = format!("<d>\n<X-PRE-PROCESS cmd=\"set\" data=\"{text}\"/>\n<!--#{text}\n--></d>");
        let _ = read(&[("root.xml", &directive)]);
    }

    /// An element comes back with the values and the place it was written with.
    #[test]
    fn values_round_trip(value in "\\PC{0,30}", line in 1_u32..20) {
        let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace("$${", "");
        let value = value.replace("$${", "");
        prop_assume!(!escaped.to_lowercase().contains("x-pre-process") && !escaped.contains("<!--#"));
        let text = format!("<d>{}<e a=\"{escaped}\"/></d>", "\n".repeat(line as usize));
        let (document, _, report) = read(&[("root.xml", &text)]);
        prop_assert!(report.is_empty(), "{}", report);
        let root = document.unwrap().root;
        let e = root.child("e").unwrap();
        prop_assert_eq!(e.attr("a"), Some(value.as_str()));
        prop_assert_eq!(e.source.line, line + 1);
    }
}
