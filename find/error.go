package find

import "strings"

// Error says what cannot be read, where, and what would be possible.
type Error struct {
	At   int               // character where it stands, the first being 1
	Code string            // names the text in the catalogs: find_<code>
	Args map[string]string // of that text
}

// codes with their English text; the catalogs of the API hold the same.
var codes = map[string]string{
	"unknown_field":  `there is no field "{name}"; known: {known}. To look for the text itself, put it in quotes`,
	"unknown_value":  `"{value}" is not a value of {field}; use one of: {known}`,
	"needs_value":    `{field} needs a value right after "{op}"`,
	"no_order":       `{field} cannot be compared with "{op}"; write {field}:…`,
	"only_order":     `{field} is a span of time; write {field}>4h or {field}<2d`,
	"key":            `"{value}" is not a key: lower-case letters, digits, - and _`,
	"number":         `"{value}" is not a number`,
	"instant":        `"{value}" is not a time; use 2026-01-31, 2026-01, 2026-01-31T09:00:00Z, today, yesterday, now, -7d or +2h`,
	"span":           `"{value}" is not a span; use a number with m, h, d or w, such as 30m, 4h or 2d`,
	"one_value":      `{field} takes one value with "{op}"`,
	"too_long":       `this is too long; at most {max} characters`,
	"too_many":       `this asks for too much; at most {max} conditions`,
	"too_deep":       `too many parentheses within each other; at most {max}`,
	"open_quote":     `the quote that begins here does not end`,
	"open_group":     `the parenthesis that opens here does not close`,
	"stray_close":    `this parenthesis closes nothing; to look for the character itself, put it in quotes`,
	"empty_group":    `there is nothing between these parentheses`,
	"empty_quote":    `there is nothing to look for between these quotes`,
	"dangling":       `"{op}" needs a condition on both sides`,
	"dangling_not":   `"{op}" needs a condition after it`,
	"nothing":        `there is no letter and no digit to look for`,
	"nothing_in":     `there is no letter and no digit to look for in {field}`,
	"bad_characters": `this holds NUL or bytes that are not UTF-8`,
}

// Codes lists what an Error's Code can be.
func Codes() []string {
	out := make([]string, 0, len(codes))
	for c := range codes {
		out = append(out, c)
	}
	return out
}

func (e *Error) Error() string {
	text := codes[e.Code]
	for name, value := range e.Args {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func bad(at int, code string, args ...string) *Error {
	e := &Error{At: at, Code: code, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		e.Args[args[i]] = args[i+1]
	}
	return e
}
