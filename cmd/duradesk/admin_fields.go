package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// schema is the part of an OpenAPI schema that says how a value is written.
type schema struct {
	Ref         string             `json:"$ref"`
	AllOf       []schema           `json:"allOf"`
	Type        any                `json:"type"`
	Enum        []any              `json:"enum"`
	Description string             `json:"description"`
	Required    []string           `json:"required"`
	Properties  map[string]*schema `json:"properties"`
	all         map[string]*schema
}

// fields reads from the API's own document which fields an operation takes. path may be the beginning of the route.
func (r remote) fields(ctx context.Context, method, path string) (*schema, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(r.URL, "/")+"/api/openapi.json", nil)
	if err != nil {
		return nil, fmt.Errorf("the desk's address %q cannot be used: %w", r.URL, err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
		Parts struct {
			Schemas map[string]*schema
		} `json:"components"`
	}
	answer, err := http.DefaultClient.Do(request) //nolint:bodyclose // answered closes it
	if err := answered(answer, err, &doc); err != nil {
		return nil, err
	}
	for _, route := range slices.Sorted(maps.Keys(doc.Paths)) {
		below, ours := strings.CutPrefix(route, "/api/v1"+path)
		if !ours || strings.Contains(below, "/") || !strings.HasSuffix(path, "{") && below != "" {
			continue
		}
		var op struct {
			RequestBody struct {
				Content map[string]struct{ Schema *schema }
			}
		}
		if err := json.Unmarshal(doc.Paths[route][strings.ToLower(method)], &op); err != nil || op.RequestBody.Content[jsonType].Schema == nil {
			continue
		}
		found := op.RequestBody.Content[jsonType].Schema
		found.all = doc.Parts.Schemas
		return found.whole(), nil
	}
	return nil, fmt.Errorf("this desk's API takes no %s of %s: is it an older one?", method, path)
}

// whole follows references.
func (s *schema) whole() *schema {
	out := *s
	for _, part := range append([]schema{{Ref: s.Ref}}, s.AllOf...) {
		name, is := strings.CutPrefix(part.Ref, "#/components/schemas/")
		if target := s.all[name]; is && target != nil {
			t := *target
			t.all = s.all
			resolved := t.whole()
			if out.Description != "" {
				resolved.Description = out.Description
			}
			out = *resolved
		}
	}
	return &out
}

func (s *schema) property(name string) *schema {
	p := s.Properties[name]
	if p == nil {
		return nil
	}
	p.all = s.all
	return p.whole()
}

func (s *schema) is(kind string) bool {
	switch t := s.Type.(type) {
	case string:
		return t == kind
	case []any:
		return slices.Contains(t, any(kind))
	}
	return false
}

// body makes a request's body of FIELD=VALUE pairs.
func (s *schema) body(pairs []string) (map[string]any, error) {
	out := map[string]any{}
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q: write FIELD=VALUE, such as name=Support", pair)
		}
		if path, file := strings.CutPrefix(text, "@"); file {
			raw, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("%s: read the file that it is taken from: %w", name, err)
			}
			text = string(raw)
		}
		if err := s.set(out, strings.Split(name, "."), text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *schema) set(to map[string]any, path []string, text string) error {
	p := s.property(path[0])
	if p == nil {
		return fmt.Errorf("there is no field %q here; there are: %s", path[0], strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", "))
	}
	if len(path) > 1 {
		inner, _ := to[path[0]].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			to[path[0]] = inner
		}
		return p.set(inner, path[1:], text)
	}
	v, err := p.value(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path[0], err)
	}
	to[path[0]] = v
	return nil
}

// value reads a text as the schema wants it. What cannot be read so goes as it is: the API says what is wrong, in the
// words that it says everywhere.
func (s *schema) value(text string) (any, error) {
	looksJSON := strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{")
	switch {
	case s.is("string"):
		return text, nil
	case s.is("boolean"):
		if b, err := strconv.ParseBool(text); err == nil {
			return b, nil
		}
	case s.is("integer"), s.is("number"):
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return json.Number(text), nil
		}
	case looksJSON:
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return nil, fmt.Errorf("this is no JSON: %w", err)
		}
		return v, nil
	case s.is("array"):
		list := []any{}
		for _, word := range strings.Split(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				list = append(list, word)
			}
		}
		return list, nil
	}
	return text, nil
}

// list prints a line for each field: name, kind, what it means.
func (s *schema) list(w io.Writer, before string) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.property(name)
		if p.is("object") && len(p.Properties) > 0 {
			p.list(w, before+name+".")
			continue
		}
		kind := cell(p.Type)
		if len(p.Enum) > 0 {
			kind = strings.ReplaceAll(cell(p.Enum), ",", "|")
		}
		need := ""
		if slices.Contains(s.Required, name) {
			need = " (needed)"
		}
		fmt.Fprintf(w, "%s\t%s%s\t%s\n", before+name, kind, need, strings.Join(strings.Fields(p.Description), " "))
	}
}
