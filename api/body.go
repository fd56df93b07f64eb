package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// Limits of a request.
const (
	maxRequest = 40 << 20 // bytes of a request's body
	maxText    = 1 << 20  // bytes of a message
	maxFile    = 25 << 20 // bytes of an attachment
	maxDepth   = 64       // of nested JSON
)

// readBody reads the request's JSON object; an empty body is an empty object. Anything else is a problem.
func (s *server) readBody(c *gin.Context) (map[string]any, problem) {
	raw, p := readRaw(c)
	if p.kind != "" {
		return nil, p
	}
	return s.objectOf(c, raw)
}

// readRaw reads the request's body as it came.
func readRaw(c *gin.Context) ([]byte, problem) {
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxRequest))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, problem{kind: tooLarge}
	}
	if err != nil {
		return nil, problemOfFaults([]fault{{code: "cut_off"}})
	}
	return raw, problem{}
}

func (s *server) objectOf(c *gin.Context, raw []byte) (map[string]any, problem) {
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		return map[string]any{}, problem{}
	case !isJSON(c.GetHeader("Content-Type")):
		return nil, problem{kind: wrongType}.with("type", c.GetHeader("Content-Type"))
	}
	tree, f := parseJSON(raw)
	if f.code != "" {
		return nil, problemOfFaults([]fault{f})
	}
	body, ok := tree.(map[string]any)
	if !ok {
		return nil, problemOfFaults([]fault{{code: "object"}})
	}
	return body, problem{}
}

// isJSON lets a missing type pass: what follows is JSON or is refused as such.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// parseJSON reads one JSON value strictly: valid UTF-8, no name twice in an object, nothing after it, bounded depth.
// Numbers stay as they were written.
func parseJSON(raw []byte) (any, fault) {
	if !utf8.Valid(raw) {
		return nil, fault{code: "encoding"}
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(raw, &json.RawMessage{}); errors.As(err, &syntax) {
		return nil, fault{code: "syntax", args: place(raw, syntax.Offset)}
	}
	w := walker{dec: json.NewDecoder(bytes.NewReader(raw))}
	w.dec.UseNumber()
	value := w.value("", 0)
	return value, w.fault
}

// place says where in the text a byte is, as editors count.
func place(raw []byte, offset int64) map[string]string {
	before := raw[:max(0, min(offset-1, int64(len(raw))))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return map[string]string{"line": strconv.Itoa(line), "column": strconv.Itoa(column), "offset": strconv.FormatInt(offset, 10)}
}

// walker builds the tree of a text that is known to be valid JSON.
type walker struct {
	dec   *json.Decoder
	fault fault
}

func (w *walker) value(at string, depth int) any {
	token, err := w.dec.Token()
	if err != nil || depth > maxDepth {
		w.note(fault{pointer: at, code: "depth", args: map[string]string{"max": strconv.Itoa(maxDepth)}})
		return nil
	}
	switch token {
	case json.Delim('{'):
		return w.object(at, depth)
	case json.Delim('['):
		list := []any{}
		for w.dec.More() && w.fault.code == "" {
			list = append(list, w.value(at+"/"+strconv.Itoa(len(list)), depth+1))
		}
		_, _ = w.dec.Token() // the closing bracket
		return list
	}
	switch v := token.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			w.note(fault{pointer: at, code: "characters"})
		}
	case json.Number:
		if !held(v) {
			w.note(fault{pointer: at, code: "number"})
		}
	}
	return token
}

// Bounds of a number: the text of any double is shorter, and its exponent smaller.
const maxDigits, maxExponent = 100, 400

// held reports whether a double holds the number (RFC 8259 §6). The database would keep more, and whoever reads it from there
// could not: neither its ticket nor a list with it.
func held(n json.Number) bool {
	_, after, _ := strings.Cut(strings.ToLower(n.String()), "e")
	exponent, bad := strconv.Atoi(cmp.Or(after, "0"))
	_, over := n.Float64()
	return len(n) <= maxDigits && bad == nil && max(exponent, -exponent) <= maxExponent && over == nil
}

func (w *walker) object(at string, depth int) any {
	out := map[string]any{}
	for w.dec.More() && w.fault.code == "" {
		token, _ := w.dec.Token() // a name: the text is valid
		name, _ := token.(string)
		below := at + "/" + escapePointer(name)
		if _, twice := out[name]; twice {
			w.note(fault{pointer: below, code: "twice"})
		}
		if strings.ContainsRune(name, 0) {
			w.note(fault{pointer: at, code: "characters"})
		}
		out[name] = w.value(below, depth+1)
	}
	_, _ = w.dec.Token() // the closing brace
	return out
}

func (w *walker) note(f fault) {
	if w.fault.code == "" {
		w.fault = f
	}
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(name string) string { return pointerEscapes.Replace(name) }
