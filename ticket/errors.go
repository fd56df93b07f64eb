package ticket

import "errors"

// Code sorts errors by what a caller can do about them.
type Code string

// The codes. Everything without one is internal: logged, never shown.
const (
	NotFound  Code = "not_found" // no such thing, or not for this actor
	Invalid   Code = "invalid"   // the input is wrong; Message names what and how to mend it
	Forbidden Code = "forbidden" // the actor may not
	Conflict  Code = "conflict"  // it contradicts what is stored (same id, another body)
	TooLarge  Code = "too_large" // above a limit that Message names
	Newer     Code = "newer"     // a newer program wrote it (a rolling deploy): leave it to one, or ask again later
)

// Error is an error a person may see: Message is plain English, Key names the catalog entry with the same text in
// the user's language, Field is a JSON pointer where one field is to blame.
type Error struct {
	Code    Code
	Key     string
	Field   string
	Message string
	Args    map[string]string // what the catalog's text speaks of
}

func (e *Error) Error() string { return e.Message }

// CodeOf returns the code of err, or "" for an internal error.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
