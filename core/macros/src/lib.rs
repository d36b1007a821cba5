//! `#[derive(Arguments)]`: the grammar and the parser of an argument list from a struct.

use proc_macro::TokenStream;
use quote::quote;
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, GenericArgument, Lit, LitBool, LitChar,
    LitStr, Meta, PathArguments, Type, parse_macro_input, spanned::Spanned,
};

/// Derive `strowger_model::Arguments` for a struct with named fields or none.
///
/// Doc comments of fields are the help text. `#[arguments(separator = '|')]` on the struct sets the separator (a blank
/// otherwise). Fields are any `Argument`; `Option<T>` is optional; `#[argument(default = "10")]` gives the text taken when
/// nothing is written; `#[argument(rest)]`, or the type `Rest<T>`, takes the remaining text unsplit;
/// `#[argument(choices = "a,b")]` lists the only words allowed; `#[argument(name = "a-b")]` sets another name. A struct with
/// one field takes the whole text, trimmed.
#[proc_macro_derive(Arguments, attributes(arguments, argument))]
pub fn derive_arguments(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

/// What the attributes of a field say.
#[derive(Default)]
struct Options {
    name: Option<String>,
    default: Option<String>,
    rest: bool,
    choices: Vec<String>,
}

fn expand(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let separator = separator(input)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            input.span(),
            "Arguments can be derived for structs only",
        ));
    };
    let fields: Vec<&Field> = match &data.fields {
        Fields::Named(named) => named.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(unnamed) => {
            return Err(Error::new(
                unnamed.span(),
                "Arguments needs fields with names",
            ));
        }
    };
    let count = fields.len();
    let mut specs = Vec::new();
    let mut reads = Vec::new();
    for (at, field) in fields.into_iter().enumerate() {
        let (spec, read) = one_field(field, at + 1 == count)?;
        specs.push(spec);
        reads.push(read);
    }
    let name = &input.ident;
    let (generics, types, wheres) = input.generics.split_for_impl();
    let build = if matches!(data.fields, Fields::Unit) {
        quote!(Self)
    } else {
        quote!(Self { #(#reads),* })
    };
    Ok(quote! {
        impl #generics ::strowger_model::Arguments for #name #types #wheres {
            const GRAMMAR: ::strowger_model::Grammar = ::strowger_model::Grammar {
                separator: #separator,
                arguments: &[#(#specs),*],
            };

            fn parse(
                text: &::strowger_model::Expanded,
            ) -> ::core::result::Result<Self, ::strowger_model::ArgumentError> {
                #[allow(unused_mut, unused_variables)]
                let mut taken =
                    ::strowger_model::argument::take(text, &<Self as ::strowger_model::Arguments>::GRAMMAR)?
                        .into_iter();
                ::core::result::Result::Ok(#build)
            }
        }
    })
}

/// The specification of a field and the expression that reads it.
fn one_field(
    field: &Field,
    last: bool,
) -> syn::Result<(proc_macro2::TokenStream, proc_macro2::TokenStream)> {
    let Some(ident) = &field.ident else {
        return Err(Error::new(
            field.span(),
            "Arguments needs fields with names",
        ));
    };
    let options = options(field)?;
    let optional = inner_of(&field.ty, "Option");
    let value = optional.unwrap_or(&field.ty);
    let rest = options.rest || inner_of(value, "Rest").is_some();
    if rest && !last {
        return Err(Error::new(
            field.span(),
            "only the last argument can take the rest",
        ));
    }
    let name = options
        .name
        .unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_owned());
    let help = help(field);
    let required = optional.is_none() && options.default.is_none();
    let default = match &options.default {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    };
    let choices = &options.choices;
    let spec = quote! {
        ::strowger_model::ArgumentSpec {
            name: #name,
            kind: <#value as ::strowger_model::Argument>::KIND,
            help: #help,
            required: #required,
            default: #default,
            rest: #rest,
            choices: &[#(#choices),*],
        }
    };
    let reader = if optional.is_some() {
        quote!(optional)
    } else {
        quote!(required)
    };
    let read = quote! {
        #ident: ::strowger_model::argument::#reader::<#value>(#name, taken.next())?
    };
    Ok((spec, read))
}

fn separator(input: &DeriveInput) -> syn::Result<LitChar> {
    let mut separator = LitChar::new(' ', input.span());
    for attribute in input
        .attrs
        .iter()
        .filter(|a| a.path().is_ident("arguments"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("separator") {
                separator = meta.value()?.parse()?;
                return Ok(());
            }
            Err(meta.error("known here: separator = ' '"))
        })?;
    }
    Ok(separator)
}

fn options(field: &Field) -> syn::Result<Options> {
    let mut options = Options::default();
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("argument")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rest") {
                options.rest = match meta.value() {
                    Ok(value) => value.parse::<LitBool>()?.value,
                    Err(_) => true,
                };
                return Ok(());
            }
            if meta.path.is_ident("default") {
                options.default = Some(meta.value()?.parse::<LitStr>()?.value());
                return Ok(());
            }
            if meta.path.is_ident("name") {
                options.name = Some(meta.value()?.parse::<LitStr>()?.value());
                return Ok(());
            }
            if meta.path.is_ident("choices") {
                let list = meta.value()?.parse::<LitStr>()?.value();
                options.choices = list.split(',').map(|word| word.trim().to_owned()).collect();
                return Ok(());
            }
            Err(meta.error("known here: default = \"…\", rest, choices = \"a,b\", name = \"…\""))
        })?;
    }
    Ok(options)
}

/// The doc comment of a field as one text.
fn help(field: &Field) -> String {
    let mut lines = Vec::new();
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("doc")) {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) = &pair.value
        {
            lines.push(text.value().trim().to_owned());
        }
    }
    lines.join(" ").trim().to_owned()
}

/// `T` of `Wrapper<T>`.
fn inner_of<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) if last.ident == wrapper => Some(inner),
        _ => None,
    }
}
