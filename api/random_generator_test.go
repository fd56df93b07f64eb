package api

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// generator makes requests from the document.
type generator struct{ *rand.Rand }

func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) target(path string, item *openapi3.PathItem, op *openapi3.Operation) string {
	query := url.Values{}
	for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
		switch p.Value.In {
		case "path":
			v := g.pick("1042", "1043", "1044", "1045", "1046", "7", "m-1042", "f-1043", "hold-1", "sato", "support", "é/ ?#%", "..", "refused", g.words(1))
			if p.Value.Name == "number" {
				v = strconv.Itoa(1040 + g.IntN(10))
			}
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", url.PathEscape(v))
		case "query":
			if p.Value.Name != "cursor" && g.chance(20) {
				v := g.value(p.Value.Schema.Value)
				if list, ok := v.([]any); ok {
					for _, one := range list {
						query.Add(p.Value.Name, text(one))
					}
				} else {
					query.Set(p.Value.Name, text(v))
				}
			}
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// body of the operation, and in which way it is spoilt.
func (g *generator) body(op *openapi3.Operation) (body, spoilt string) {
	if op.RequestBody == nil {
		return "", ""
	}
	if op.RequestBody.Value.Content["application/json"] == nil {
		return g.words(30), "" // any bytes
	}
	schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	value, _ := g.value(schema).(map[string]any)
	if g.chance(50) {
		spoilt = g.spoil(value, schema)
	}
	return text(value), spoilt
}

// spoil makes one place wrong, anywhere in the body.
func (g *generator) spoil(value map[string]any, schema *openapi3.Schema) string {
	for name, prop := range schema.Properties {
		inner, ok := value[name].(map[string]any)
		if ok && name != "fields" && g.chance(50) {
			return g.spoil(inner, resolved(prop.Value))
		}
	}
	switch g.IntN(3) {
	case 0:
		value["x_"+g.words(1)] = true
		return "an unknown field"
	case 1:
		if len(schema.Required) > 0 {
			name := schema.Required[g.IntN(len(schema.Required))]
			delete(value, name)
			return "without " + name
		}
	}
	for name, prop := range schema.Properties {
		p := resolved(prop.Value)
		switch {
		case p.Type.Is("array"), p.Type.Is("object"):
			value[name] = "a text"
		case p.Type.Is("integer"):
			value[name] = -1.5
		default:
			value[name] = []any{1}
		}
		return "a wrong " + name
	}
	value["unknown"] = nil
	return "an unknown field"
}

func resolved(s *openapi3.Schema) *openapi3.Schema {
	if len(s.AllOf) == 1 {
		return s.AllOf[0].Value
	}
	return s
}

// value that the schema allows.
func (g *generator) value(s *openapi3.Schema) any {
	s = resolved(s)
	switch {
	case len(s.Enum) > 0:
		return s.Enum[g.IntN(len(s.Enum))]
	case s.Type.Includes("null") && g.chance(20):
		return nil
	case s.Type.Includes("object"):
		return g.object(s)
	case s.Type.Includes("array"):
		list := []any{}
		for range int(s.MinItems) + g.IntN(3) {
			list = append(list, g.value(s.Items.Value))
		}
		return list
	case s.Type.Includes("integer"):
		return g.integer(s)
	case s.Type.Includes("boolean"):
		return g.chance(50)
	}
	return g.text(s)
}

func (g *generator) object(s *openapi3.Schema) any {
	out := map[string]any{}
	for name, prop := range s.Properties {
		if slices.Contains(s.Required, name) || g.chance(40) && name != "password" || g.chance(3) {
			out[name] = g.value(prop.Value)
		}
	}
	for name, prop := range s.Properties {
		if len(out) < int(s.MinProps) {
			out[name] = g.value(prop.Value)
		}
	}
	if s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has {
		out[g.words(1)] = map[string]any{"<b>": json.Number("1e3"), "list": []any{nil, true, g.words(3)}}
	}
	return out
}

func (g *generator) integer(s *openapi3.Schema) any {
	low, high := 0, 1<<40
	if s.Min != nil {
		low = int(*s.Min)
	}
	if s.Max != nil {
		high = int(*s.Max)
	}
	return low + g.IntN(min(high-low, 3000)+1)
}

func (g *generator) text(s *openapi3.Schema) string {
	switch {
	case s.Format == "date-time":
		return time.Date(2026, 11, 24, 10, 0, g.IntN(1e8)-1e7, g.IntN(1e9), time.FixedZone("", g.IntN(28)*1800-7*3600)).Format(time.RFC3339Nano)
	case s.Format == "byte":
		return g.pick("", "aGk=", "AAAA")
	case strings.HasPrefix(s.Pattern, "^[a-z][a-z0-9_-]"):
		return g.pick("support", "sato", "tier2", "repairs", "tokyo", "always", "admin", "me", "none", "lead", "mori", "other", "a", "x"+strconv.Itoa(g.IntN(1e6)), strings.Repeat("k", 40))
	case strings.HasPrefix(s.Pattern, `^([01]`):
		return g.pick("22:00", "07:30", "00:00", "23:59")
	case strings.HasPrefix(s.Pattern, `^\d{4}-`):
		return g.pick("2026-11-01", "2026-11-24", "2026-02-30", "2024-02-29", "0000-00-00", "9999-99-99")
	case strings.HasPrefix(s.Pattern, `^\d`):
		return g.pick("09:00-17:30", "22:00-06:00", "00:00-24:00", "99:00-17:00")
	case strings.Contains(s.Pattern, "@"):
		return g.pick("a@b", "yamada@client.example", "山田@例え.example", "o'hara+x@desk.example", strings.Repeat("l", 64)+"@"+strings.Repeat("d", 189))
	case strings.HasPrefix(s.Pattern, "^[a-z]{2,3}"):
		return g.pick("ja", "en", "zh-Hant", "es-419")
	case strings.HasPrefix(s.Pattern, "^[0-9a-f-]"):
		return g.pick("a", "-", "0191d3c0-7a51-7cc0-9d53-0d6f8f1a2b3f")
	case strings.Contains(s.Pattern, "/"):
		return g.pick("text/plain", "application/vnd.x+json")
	}
	out := g.words(int(s.MinLength) + 1 + g.IntN(30))
	for len([]rune(out)) < int(s.MinLength) {
		out += "あ"
	}
	if s.MaxLength != nil && len([]rune(out)) > int(*s.MaxLength) {
		out = string([]rune(out)[:*s.MaxLength])
	}
	return out
}

// words of all kinds of letters, never blank and without control characters.
func (g *generator) words(n int) string {
	letters := []rune("aZ0 _-'\"\\/<>&;%#?{}[]é漢字かなカナ한글🙂\u00a0\u3000\u202e\ufeff\u2028")
	out := []rune{'a'}
	for range n {
		out = append(out, letters[g.IntN(len(letters))])
	}
	return string(out)
}
