//! The dialplan seen from outside: XML in, queued actions and explanations out.

mod acl;
mod captures;
mod combined;
mod compiling;
mod contexts;
mod explaining;
mod flow;
mod inline_actions;
mod inline_dialplan;
mod properties;
mod support;
mod times;
mod vanilla;
