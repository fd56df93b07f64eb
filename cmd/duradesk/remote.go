package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"duradesk/api/client"
)

// remote is how a command of administration reaches the API.
type remote struct {
	URL   string `name:"url" env:"DURADESK_BASE_URL" default:"http://127.0.0.1:8080" help:"Under which the desk's API is reached."`
	Token string `env:"DURADESK_TOKEN,DURADESK_BOOTSTRAP_TOKEN" required:"" help:"An API token of an admin."`
}

func (r remote) open() (*client.ClientWithResponses, error) {
	return client.New(strings.TrimRight(r.URL, "/"), r.Token, &http.Client{Timeout: 90 * time.Second})
}

// answered reads an answer of the API, a problem as an error.
func answered(answer *http.Response, err error, into any) error {
	if err != nil {
		return fmt.Errorf("reach the API: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= http.StatusBadRequest {
		p := &problem{Status: answer.StatusCode}
		_ = json.NewDecoder(answer.Body).Decode(p) // without a readable body the status says it
		return errors.New(p.forPeople())
	}
	if into == nil || answer.StatusCode == http.StatusNoContent {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// forPeople says what is wrong, field by field.
func (p *problem) forPeople() string {
	if len(p.Errors) == 0 {
		return cmp.Or(p.Detail, p.Title, fmt.Sprintf("the API answers %d", p.Status))
	}
	lines := make([]string, len(p.Errors))
	for i, e := range p.Errors {
		where := cmp.Or(strings.ReplaceAll(strings.TrimPrefix(e.Pointer, "/"), "/", "."), e.Parameter)
		if e.Position > 0 {
			where += fmt.Sprintf(" (character %d)", e.Position)
		}
		lines[i] = where + ": " + e.Detail
	}
	return strings.Join(lines, "; ")
}
