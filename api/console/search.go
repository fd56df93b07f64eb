package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"duradesk/api/openapi"
)

// hereFragment tells which of some tickets belong to a list now, by their numbers.
func (v *visit) hereFragment() error {
	at := placeOf(v.r)
	q := url.Values{"limit": {"200"}, "view": {at.View}, "number": v.r.URL.Query()["number"]}
	if at.Q != "" {
		q.Set("q", at.Q)
	}
	var found openapi.TicketList
	if err := v.get("/tickets?"+q.Encode(), &found); err != nil {
		return err
	}
	numbers := make([]string, len(found.Items))
	for i, t := range found.Items {
		numbers[i] = strconv.FormatInt(t.Number, 10)
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write([]byte(strings.Join(numbers, " "))) // who asked is gone
	return nil
}

// chipsOf takes a search apart at its blanks, those within quotes aside.
func chipsOf(at place) []chip {
	parts := partsOf(at.Q)
	out := make([]chip, len(parts))
	for i, part := range parts {
		rest := append(append([]string{}, parts[:i]...), parts[i+1:]...)
		less := at
		less.Q = strings.Join(rest, " ")
		out[i] = chip{part, less.href()}
	}
	return out
}

func partsOf(q string) []string {
	quoted := false
	return strings.FieldsFunc(q, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '　')
	})
}
