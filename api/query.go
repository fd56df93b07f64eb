package api

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
)

// queryFaults holds the URL's query against the document: an unknown parameter is named, a value told what it may be.
// A parameter without a value is as good as left out.
func (s *server) queryFaults(c *gin.Context, op operation) []fault {
	values, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return []fault{{code: "query_syntax"}}
	}
	var out []fault
	for _, name := range slices.Sorted(maps.Keys(values)) {
		schema, ok := op.queries[name]
		if !ok {
			known := strings.Join(slices.Sorted(maps.Keys(op.queries)), ", ")
			out = append(out, fault{parameter: name, code: "unknown_parameter", args: map[string]string{"name": name, "known": known}})
			continue
		}
		given := slices.DeleteFunc(values[name], func(v string) bool { return v == "" })
		if len(given) == 0 {
			delete(values, name)
			continue
		}
		values[name] = given
		out = append(out, parameterFaults(name, given, schema)...)
	}
	c.Request.URL.RawQuery = values.Encode()
	return out
}

func parameterFaults(name string, given []string, schema *openapi3.Schema) []fault {
	if schema.Type.Is(openapi3.TypeArray) {
		schema = schema.Items.Value
	} else if len(given) > 1 {
		return []fault{{parameter: name, code: "repeated", args: map[string]string{"name": name}}}
	}
	var out []fault
	for _, v := range given {
		if f := valueFault(v, schema); f.code != "" {
			f.parameter = name
			out = append(out, f)
		}
	}
	return out
}

func valueFault(v string, schema *openapi3.Schema) fault {
	switch {
	case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
		return fault{code: "characters"}
	case schema.Type.Is(openapi3.TypeInteger):
		return integerFault(v, schema)
	case len(schema.Enum) > 0:
		return wordFault(v, schema.Enum)
	case schema.Format == "date-time":
		if _, err := time.Parse(time.RFC3339, v); err != nil {
			return fault{code: "time"}
		}
	case schema.MaxLength != nil && utf8.RuneCountInString(v) > int(*schema.MaxLength):
		return fault{code: "too_long", args: map[string]string{"max": strconv.FormatUint(*schema.MaxLength, 10)}}
	case schema.Pattern != "" && !regexp.MustCompile(schema.Pattern).MatchString(v):
		return fault{code: "pattern", args: map[string]string{"pattern": schema.Pattern}}
	}
	return fault{}
}

func integerFault(v string, schema *openapi3.Schema) fault {
	n, err := strconv.ParseInt(v, 10, 64)
	low, high := int64(0), int64(1<<53)
	if schema.Min != nil {
		low = int64(*schema.Min)
	}
	if schema.Max != nil {
		high = int64(*schema.Max)
	}
	if err != nil || n < low || n > high {
		return fault{code: "range", args: map[string]string{"min": strconv.FormatInt(low, 10), "max": strconv.FormatInt(high, 10)}}
	}
	return fault{}
}

func wordFault(v string, enum []any) fault {
	words := make([]string, 0, len(enum))
	for _, e := range enum {
		if e == v {
			return fault{}
		}
		if word, ok := e.(string); ok {
			words = append(words, word)
		}
	}
	return fault{code: "enum", args: map[string]string{"allowed": strings.Join(words, ", ")}}
}
