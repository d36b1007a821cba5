//! The functions of expressions, by name and number of arguments.

/// The value of a function; `None` for an unknown one, or where it has no value.
pub(super) fn apply(name: &str, values: &[f64]) -> Option<f64> {
    let truth = |holds: bool| f64::from(u8::from(holds));
    Some(match (name, values) {
        ("abs", [x]) => x.abs(),
        ("mod", [_, 0.0]) => return None,
        ("mod", [x, y]) => x % y,
        ("ipart", [x]) => x.trunc(),
        ("fpart", [x]) => x.fract(),
        ("min", [first, rest @ ..]) => rest.iter().copied().fold(*first, f64::min),
        ("max", [first, rest @ ..]) => rest.iter().copied().fold(*first, f64::max),
        ("avg", [_, ..]) => values.iter().sum::<f64>() / values.len() as f64,
        ("pow", [x, y]) => x.powf(*y),
        ("pow10", [x]) => 10f64.powf(*x),
        ("sqrt", [x]) => x.sqrt(),
        ("sin", [x]) => x.sin(),
        ("sinh", [x]) => x.sinh(),
        ("asin", [x]) => x.asin(),
        ("cos", [x]) => x.cos(),
        ("cosh", [x]) => x.cosh(),
        ("acos", [x]) => x.acos(),
        ("tan", [x]) => x.tan(),
        ("tanh", [x]) => x.tanh(),
        ("atan", [x]) => x.atan(),
        ("atan2", [y, x]) => y.atan2(*x),
        ("log", [x]) => x.log10(),
        ("ln", [x]) => x.ln(),
        ("exp", [x]) => x.exp(),
        ("logn", [x, base]) => x.log(*base),
        ("ceil", [x]) => x.ceil(),
        ("floor", [x]) => x.floor(),
        // The generator is the system's own: a seed is accepted and not needed.
        ("rand", [_]) | ("rand", []) => rand::random::<f64>(),
        ("random", [low, high]) if low <= high => low + rand::random::<f64>() * (high - low),
        ("randomize", []) | ("randomize", [_]) => 0.0,
        ("deg", [x]) => x.to_degrees(),
        ("rad", [x]) => x.to_radians(),
        ("recttopolr", [x, y]) => x.hypot(*y),
        ("recttopola", [x, y]) => {
            let angle = y.atan2(*x);
            if angle < 0.0 {
                angle + std::f64::consts::TAU
            } else {
                angle
            }
        }
        ("poltorectx", [r, angle]) => r * angle.cos(),
        ("poltorecty", [r, angle]) => r * angle.sin(),
        ("equal", [x, y]) => truth(x == y),
        ("above", [x, y]) => truth(x > y),
        ("below", [x, y]) => truth(x < y),
        ("and", [x, y]) => truth(*x != 0.0 && *y != 0.0),
        ("or", [x, y]) => truth(*x != 0.0 || *y != 0.0),
        ("not", [x]) => truth(*x == 0.0),
        ("clip", [x, low, high]) if low <= high => x.clamp(*low, *high),
        ("clamp", [x, low, high]) if low < high => low + (x - low).rem_euclid(high - low),
        ("pntchange", [side1, side2, to1, to2, point]) if side1 != side2 => {
            (point - side1) / (side2 - side1) * (to2 - to1) + to1
        }
        ("poly", [x, coefficients @ ..]) if !coefficients.is_empty() => coefficients
            .iter()
            .fold(0.0, |sum, coefficient| sum * x + coefficient),
        _ => return None,
    })
}
