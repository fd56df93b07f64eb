package api

import (
	"cmp"
	"slices"

	"duradesk/api/openapi"
)

// fault is what is wrong with one field or query parameter. Texts come from the catalog under "field.<code>".
type fault struct {
	pointer   string // JSON pointer into the body (RFC 6901)
	parameter string // or name of the query parameter
	position  int    // of the character in it that is to blame, from 1; 0: all of it
	code      string
	args      map[string]string
	said      string // plain English, where the catalog has no such code
	world     bool   // not the request is wrong, but the world is not so (any more): time has passed, an owner is gone
}

func (s *server) fieldErrors(lang string, faults []fault) []openapi.FieldError {
	out := make([]openapi.FieldError, 0, len(faults))
	for _, f := range faults {
		e := openapi.FieldError{Code: cmp.Or(f.code, "invalid"), Detail: f.said}
		if key := "field." + f.code; e.Detail == "" || s.texts.has(key) {
			e.Detail = s.texts.say(lang, key, f.args)
		}
		if f.parameter != "" {
			e.Parameter = &f.parameter
			if f.position > 0 {
				e.Position = &f.position
			}
		} else {
			e.Pointer = ptr(f.pointer)
		}
		out = append(out, e)
	}
	return out
}

// onlyWorld reports whether the request itself is right: its first sending may have been welcome.
func onlyWorld(faults []fault) bool {
	return !slices.ContainsFunc(faults, func(f fault) bool { return !f.world })
}
