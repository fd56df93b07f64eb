package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
)

// resource is one kind of thing that is administered through the API, by the name of its command.
type resource struct {
	path    string   // of the list, below /api/v1
	id      string   // field by which one is named
	columns []string // of the table
}

var resources = map[string]resource{
	"user":           {"agents", "key", []string{"key", "name", "email", "role", "groups", "desks", "disabled_at"}},
	"token":          {"tokens", "id", []string{"id", "agent", "scopes", "expires_at", "last_used_at"}},
	"desk":           {"desks", "key", []string{"key", "name", "kind", "process", "address", "groups", "routes"}},
	"group":          {"groups", "key", []string{"key", "name", "members"}},
	"calendar":       {"calendars", "key", []string{"key", "version", "zone", "holidays", "closed"}},
	"policy":         {"policies", "desk", []string{"desk", "version", "calendar", "warn_at_percent", "auto_close_days", "follow_up"}},
	"template":       {"templates", "id", []string{"id", "desk", "occasion", "language", "built_in", "revision"}},
	"macro":          {"macros", "id", []string{"id", "desk", "name", "then", "tags"}},
	"text-module":    {"text-modules", "id", []string{"id", "desk", "shortcut", "text"}},
	"article":        {"articles", "id", []string{"id", "desk", "language", "state", "title", "tags", "revision"}},
	"trigger":        {"triggers", "id", []string{"id", "desk", "name", "enabled", "position", "then"}},
	"channel":        {"channels", "key", []string{"key", "name", "desk", "kind", "url", "verified", "enabled", "pending"}},
	"forbidden-word": {"forbidden-words", "id", []string{"id", "desk", "word", "action", "note"}},
}

// adminCommand lists, shows, adds, changes and takes away the things of one kind. Its children find out which by the
// command above them.
type adminCommand struct {
	Ls     adminList   `cmd:"" help:"List them."`
	Show   adminShow   `cmd:"" help:"Show one, as JSON."`
	Add    adminAdd    `cmd:"" help:"Add one: FIELD=VALUE … (fields lists them)."`
	Set    adminSet    `cmd:"" help:"Change one: FIELD=VALUE …; what is not named stays."`
	Rm     adminRemove `cmd:"" help:"Take one away, where nothing depends on it."`
	Fields adminFields `cmd:"" help:"List the fields that add and set take."`
}

// kindOf is the resource of the command that is run.
func kindOf(k *kong.Context) (string, resource) {
	name := k.Selected().Parent.Name
	return name, resources[name]
}

type adminList struct {
	remote
	JSON  bool     `name:"json" help:"Print JSON instead of a table."`
	Query []string `arg:"" optional:"" help:"Criteria that the API takes, such as desk=support." placeholder:"NAME=VALUE"`
}

// Run prints a line for each.
func (c *adminList) Run(ctx context.Context, k *kong.Context) error {
	_, r := kindOf(k)
	query := url.Values{}
	for _, pair := range c.Query {
		name, v, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q: write NAME=VALUE, such as desk=support", pair)
		}
		query.Add(name, v)
	}
	var out struct{ Items []map[string]any }
	if err := c.ask(ctx, http.MethodGet, r.path+"?"+query.Encode(), nil, &out); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(os.Stdout, out.Items)
	}
	return printTable(os.Stdout, r.columns, out.Items)
}

func printTable(to io.Writer, columns []string, items []map[string]any) error {
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(columns, "\t")))
	for _, item := range items {
		cells := make([]string, len(columns))
		for i, name := range columns {
			cells[i] = cell(item[name])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// cell is a value on one line of a table.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		return strings.Join(strings.Fields(v), " ")
	case []any:
		words := make([]string, len(v))
		for i, one := range v {
			words[i] = cell(one)
		}
		return strings.Join(words, ",")
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

func printJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// adminOne names one that is there.
type adminOne struct {
	remote
	ID string `arg:"" name:"id" help:"Its key or id, as ls shows it."`
}

type adminShow struct{ adminOne }

// Run prints it. Where the API has no address for one, it is looked up in the list.
func (c *adminShow) Run(ctx context.Context, k *kong.Context) error {
	name, r := kindOf(k)
	var list struct{ Items []map[string]any }
	if err := c.ask(ctx, http.MethodGet, r.path, nil, &list); err != nil {
		return err
	}
	for _, item := range list.Items {
		if item[r.id] == c.ID {
			return printJSON(os.Stdout, item)
		}
	}
	return fmt.Errorf("there is no %s %s; `duradesk %s ls` lists them", name, c.ID, name)
}

type adminAdd struct {
	remote
	Fields []string `arg:"" help:"FIELD=VALUE: a.b=… sets b of a; a list is written a,b or as JSON; @FILE takes the text of a file." placeholder:"FIELD=VALUE"`
}

// Run adds it and prints what was made: of a token its secret, once.
func (c *adminAdd) Run(ctx context.Context, k *kong.Context) error {
	_, r := kindOf(k)
	return c.write(ctx, http.MethodPost, r.path, "/"+r.path, c.Fields)
}

type adminSet struct {
	adminOne
	Fields []string `arg:"" help:"As of add." placeholder:"FIELD=VALUE"`
}

// Run changes it and prints how it is then.
func (c *adminSet) Run(ctx context.Context, k *kong.Context) error {
	name, r := kindOf(k)
	if name == "token" {
		return errors.New("a token cannot be changed: add another one and take this one away")
	}
	return c.write(ctx, http.MethodPatch, r.path+"/"+url.PathEscape(c.ID), "/"+r.path+"/{", c.Fields)
}

// write sends fields, each as its schema in the API's document wants it.
func (r remote) write(ctx context.Context, method, path, operation string, fields []string) error {
	f, err := r.fields(ctx, method, operation)
	if err != nil {
		return err
	}
	body, err := f.body(fields)
	if err != nil {
		return err
	}
	var made any
	if err := r.ask(ctx, method, path, body, &made); err != nil {
		return err
	}
	return printJSON(os.Stdout, made)
}

type adminRemove struct{ adminOne }

// Run takes it away.
func (c *adminRemove) Run(ctx context.Context, k *kong.Context) error {
	name, r := kindOf(k)
	if name == "calendar" || name == "policy" {
		return fmt.Errorf("a %s stays, for tickets go by it; `duradesk %s set` makes a new version", name, name)
	}
	if err := c.ask(ctx, http.MethodDelete, r.path+"/"+url.PathEscape(c.ID), nil, nil); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%s %s is taken away\n", name, c.ID)
	return nil
}

type adminFields struct{ remote }

// Run prints what can be set.
func (c *adminFields) Run(ctx context.Context, k *kong.Context) error {
	_, r := kindOf(k)
	f, err := c.fields(ctx, http.MethodPost, "/"+r.path)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	f.list(w, "")
	return w.Flush()
}

// ask sends a request to the API and reads its answer.
func (r remote) ask(ctx context.Context, method, path string, body, into any) error {
	raw := &bytes.Buffer{}
	if body != nil {
		if err := json.NewEncoder(raw).Encode(body); err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(r.URL, "/")+"/api/v1/"+path, raw)
	if err != nil {
		return fmt.Errorf("the desk's address %q cannot be used: %w", r.URL, err)
	}
	request.Header.Set("Authorization", "Bearer "+r.Token)
	request.Header.Set("Content-Type", jsonType)
	if lang := language(os.Getenv); lang != "" {
		request.Header.Set("Accept-Language", lang)
	}
	answer, err := (&http.Client{Timeout: 90 * time.Second}).Do(request) //nolint:bodyclose // answered closes it
	return answered(answer, err, into)
}

// language is that of the terminal, where it is one of ours.
func language(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if i := slices.IndexFunc([]string{"ja", "en"}, func(l string) bool { return strings.HasPrefix(v, l) }); i >= 0 {
				return []string{"ja", "en"}[i]
			}
			return ""
		}
	}
	return ""
}
