//! From the text of an expression to its tree.

/// Parts inside one another at most: brackets, calls, signs.
const DEEPEST: usize = 64;

/// Longest expression, octets.
const LONGEST: usize = 4_096;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Number(f64),
    Variable(String),
    Assign(String, Box<Node>),
    Negate(Box<Node>),
    Binary(char, Box<Node>, Box<Node>),
    Call(String, Vec<Node>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Sign(char),
}

/// The expressions of a text, separated by `;`.
pub(super) fn parse(text: &str) -> Option<Vec<Node>> {
    if text.len() > LONGEST {
        return None;
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
    };
    let mut nodes = Vec::new();
    loop {
        while parser.takes(';') {}
        if parser.at == tokens.len() {
            break;
        }
        nodes.push(parser.assignment()?);
        if parser.at < tokens.len() && !parser.takes(';') {
            return None;
        }
    }
    (!nodes.is_empty()).then_some(nodes)
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some(&(start, c)) = chars.peek() {
        let mut end_of = |wanted: &dyn Fn(char) -> bool| {
            let mut end = start;
            while let Some(&(at, c)) = chars.peek() {
                if !wanted(c) {
                    break;
                }
                end = at + c.len_utf8();
                chars.next();
            }
            end
        };
        if c.is_ascii_digit() || c == '.' {
            let end = end_of(&|c| c.is_ascii_digit() || c == '.');
            tokens.push(Token::Number(text[start..end].parse().ok()?));
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = end_of(&|c| c.is_ascii_alphanumeric() || c == '_');
            tokens.push(Token::Name(text[start..end].to_owned()));
        } else if c.is_whitespace() {
            chars.next();
        } else if "+-*/^(),;=&".contains(c) {
            tokens.push(Token::Sign(c));
            chars.next();
        } else {
            return None;
        }
    }
    Some(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn takes(&mut self, sign: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn assignment(&mut self) -> Option<Node> {
        if let [Token::Name(name), Token::Sign('='), ..] = self.tokens.get(self.at..)? {
            let name = name.clone();
            self.at += 2;
            let value = self.deeper(Self::assignment)?;
            return Some(Node::Assign(name, Box::new(value)));
        }
        self.sum()
    }

    fn sum(&mut self) -> Option<Node> {
        let mut left = self.product()?;
        loop {
            let sign = if self.takes('+') {
                '+'
            } else if self.takes('-') {
                '-'
            } else {
                return Some(left);
            };
            left = Node::Binary(sign, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Option<Node> {
        let mut left = self.power()?;
        loop {
            let sign = if self.takes('*') {
                '*'
            } else if self.takes('/') {
                '/'
            } else {
                return Some(left);
            };
            left = Node::Binary(sign, Box::new(left), Box::new(self.power()?));
        }
    }

    fn power(&mut self) -> Option<Node> {
        let base = self.signed()?;
        if self.takes('^') {
            let exponent = self.deeper(Self::power)?;
            return Some(Node::Binary('^', Box::new(base), Box::new(exponent)));
        }
        Some(base)
    }

    fn signed(&mut self) -> Option<Node> {
        if self.takes('-') {
            let value = self.deeper(Self::signed)?;
            return Some(Node::Negate(Box::new(value)));
        }
        if self.takes('+') {
            return self.deeper(Self::signed);
        }
        self.atom()
    }

    fn atom(&mut self) -> Option<Node> {
        if self.takes('(') {
            let inner = self.deeper(Self::assignment)?;
            return self.takes(')').then_some(inner);
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Number(value) => Some(Node::Number(value)),
            Token::Name(name) if self.takes('(') => {
                let arguments = self.deeper(Self::arguments)?;
                Some(Node::Call(name.to_ascii_lowercase(), arguments))
            }
            Token::Name(name) => Some(Node::Variable(name)),
            Token::Sign(_) => None,
        }
    }

    fn arguments(&mut self) -> Option<Vec<Node>> {
        let mut arguments = Vec::new();
        if self.takes(')') {
            return Some(arguments);
        }
        loop {
            // `&name` hands a variable over to be changed.
            self.takes('&');
            arguments.push(self.assignment()?);
            if self.takes(')') {
                return Some(arguments);
            }
            if !self.takes(',') {
                return None;
            }
        }
    }
}
