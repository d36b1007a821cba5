//! A table and its forms: CSV, XML, JSON.

use super::super::directory_xml::escaped;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Values between delimiters, unquoted.
    Csv(char),
    Xml,
    Json,
}

impl Default for Format {
    fn default() -> Format {
        Format::Csv(',')
    }
}

/// Columns and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: &[&str]) -> Table {
        Table {
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub(super) fn with_columns(columns: Vec<String>) -> Table {
        Table {
            columns,
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, values: Vec<String>) {
        debug_assert_eq!(
            values.len(),
            self.columns.len(),
            "one value for each column"
        );
        // A line end inside a value would be another row.
        let values = values
            .into_iter()
            .map(|value| value.replace(|c: char| c.is_control(), " "))
            .collect();
        self.rows.push(values);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows that have a partner.
    pub(super) fn only_bridged(mut self) -> Table {
        if let Some(at) = self.columns.iter().position(|name| name == "b_uuid") {
            self.rows
                .retain(|row| row.get(at).is_some_and(|uuid| !uuid.is_empty()));
        }
        self
    }

    /// As text.
    pub(super) fn written(&self, format: Format, count: bool) -> String {
        let total = self.len();
        match format {
            Format::Csv(_) if count || total == 0 => format!("\n{total} total.\n"),
            Format::Csv(delimiter) => {
                let delimiter = delimiter.to_string();
                let mut out = format!("{}\n", self.columns.join(&delimiter));
                for row in &self.rows {
                    out.push_str(&row.join(&delimiter));
                    out.push('\n');
                }
                format!("{out}\n{total} total.\n")
            }
            Format::Xml if count || total == 0 => format!("<result row_count=\"{total}\"/>\n"),
            Format::Xml => self.xml(),
            Format::Json if count || total == 0 => format!("{{\"row_count\": {total}}}\n"),
            Format::Json => self.json(),
        }
    }

    fn xml(&self) -> String {
        let mut out = format!("<result row_count=\"{}\">\n", self.len());
        for (index, row) in self.rows.iter().enumerate() {
            out.push_str(&format!("  <row row_id=\"{}\">\n", index + 1));
            for (column, value) in self.columns.iter().zip(row) {
                out.push_str(&format!("    <{column}>{}</{column}>\n", escaped(value)));
            }
            out.push_str("  </row>\n");
        }
        out.push_str("</result>\n");
        out
    }

    fn json(&self) -> String {
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let members: Vec<String> = self
                    .columns
                    .iter()
                    .zip(row)
                    .map(|(column, value)| {
                        format!(
                            "{}:{}",
                            serde_json::Value::from(column.as_str()),
                            serde_json::Value::from(value.as_str())
                        )
                    })
                    .collect();
                format!("{{{}}}", members.join(","))
            })
            .collect();
        format!(
            "{{\"row_count\":{},\"rows\":[{}]}}",
            self.len(),
            rows.join(",")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["a", "b"]);
        table.row(vec!["1".into(), "x<y\"".into()]);
        table.row(vec!["2".into(), "line\nend".into()]);
        table
    }

    #[test]
    fn the_forms_of_a_table() {
        assert_eq!(
            table().written(Format::Csv(','), false),
            "a,b\n1,x<y\"\n2,line end\n\n2 total.\n"
        );
        assert_eq!(
            table().written(Format::Csv('|'), false),
            "a|b\n1|x<y\"\n2|line end\n\n2 total.\n"
        );
        assert_eq!(
            table().written(Format::Json, false),
            "{\"row_count\":2,\"rows\":[{\"a\":\"1\",\"b\":\"x<y\\\"\"},{\"a\":\"2\",\"b\":\"line end\"}]}"
        );
        assert_eq!(
            table().written(Format::Xml, false),
            "<result row_count=\"2\">\n  <row row_id=\"1\">\n    <a>1</a>\n    <b>x&lt;y&quot;</b>\n  </row>\n  <row row_id=\"2\">\n    <a>2</a>\n    <b>line end</b>\n  </row>\n</result>\n"
        );
    }

    #[test]
    fn counts_and_empty_tables() {
        assert_eq!(table().written(Format::Csv(','), true), "\n2 total.\n");
        let empty = Table::new(&["a"]);
        assert_eq!(empty.written(Format::Csv(','), false), "\n0 total.\n");
        assert_eq!(
            empty.written(Format::Xml, false),
            "<result row_count=\"0\"/>\n"
        );
        assert_eq!(empty.written(Format::Json, false), "{\"row_count\": 0}\n");
    }

    #[test]
    fn calls_with_a_partner() {
        let mut table = Table::new(&["uuid", "b_uuid"]);
        table.row(vec!["1".into(), String::new()]);
        table.row(vec!["2".into(), "3".into()]);
        assert_eq!(table.only_bridged().len(), 1);
    }
}
