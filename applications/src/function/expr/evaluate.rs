//! The value of an expression's tree.

use super::functions;
use super::parse::Node;
use std::collections::BTreeMap;

/// Parts evaluated at most: loops of an expression end there.
const MOST_STEPS: u32 = 20_000;

/// Variables of an expression at most.
const MOST_VARIABLES: usize = 256;

/// What evaluating needs and changes.
pub(super) struct Evaluation {
    variables: BTreeMap<String, f64>,
    steps: u32,
}

/// The value of the last expression; `None` where there is none (division by zero, unknown names, …).
pub(super) fn evaluate(nodes: &[Node], variables: BTreeMap<String, f64>) -> Option<f64> {
    let mut evaluation = Evaluation {
        variables,
        steps: 0,
    };
    let mut value = None;
    for node in nodes {
        value = Some(evaluation.value(node)?);
    }
    value
}

impl Evaluation {
    fn value(&mut self, node: &Node) -> Option<f64> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return None;
        }
        let value = match node {
            Node::Number(value) => *value,
            Node::Variable(name) => self.look_up(name)?,
            Node::Assign(name, value) => {
                let value = self.value(value)?;
                if self.variables.len() >= MOST_VARIABLES && !self.variables.contains_key(name) {
                    return None;
                }
                self.variables.insert(name.clone(), value);
                value
            }
            Node::Negate(value) => -self.value(value)?,
            Node::Binary(sign, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                match sign {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    '/' if right == 0.0 => return None,
                    '/' => left / right,
                    _ => left.powf(right),
                }
            }
            Node::Call(name, arguments) => self.call(name, arguments)?,
        };
        value.is_finite().then_some(value)
    }

    fn look_up(&self, name: &str) -> Option<f64> {
        if let Some(value) = self.variables.get(name) {
            return Some(*value);
        }
        match name {
            "M_PI" => Some(std::f64::consts::PI),
            "M_E" => Some(std::f64::consts::E),
            _ => None,
        }
    }

    /// Functions that do not evaluate every argument exactly once are here; the others are in `functions`.
    fn call(&mut self, name: &str, arguments: &[Node]) -> Option<f64> {
        match (name, arguments) {
            ("if", [test, then, otherwise]) => {
                if self.value(test)? != 0.0 {
                    self.value(then)
                } else {
                    self.value(otherwise)
                }
            }
            ("select", [test, below, equal]) => {
                if self.value(test)? < 0.0 {
                    self.value(below)
                } else {
                    self.value(equal)
                }
            }
            ("select", [test, below, equal, above]) => {
                let test = self.value(test)?;
                if test < 0.0 {
                    self.value(below)
                } else if test == 0.0 {
                    self.value(equal)
                } else {
                    self.value(above)
                }
            }
            ("land", [left, right]) => {
                let holds = self.value(left)? != 0.0 && self.value(right)? != 0.0;
                Some(f64::from(u8::from(holds)))
            }
            ("lor", [left, right]) => {
                let holds = self.value(left)? != 0.0 || self.value(right)? != 0.0;
                Some(f64::from(u8::from(holds)))
            }
            ("many", [_, ..]) => {
                let mut last = 0.0;
                for argument in arguments {
                    last = self.value(argument)?;
                }
                Some(last)
            }
            ("for", [start, test, step, bodies @ ..]) if !bodies.is_empty() => {
                let mut last = self.value(start)?;
                while self.value(test)? != 0.0 {
                    for body in bodies {
                        last = self.value(body)?;
                    }
                    self.value(step)?;
                }
                Some(last)
            }
            _ => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.value(argument)?);
                }
                functions::apply(name, &values)
            }
        }
    }
}
