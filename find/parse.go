package find

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What one query may ask for: more is a mistake, or an attack.
const (
	Longest        = 2000 // characters
	mostConditions = 32
	mostValues     = 50
	deepest        = 8
)

// Parse reads the grammar (docs/agents.md, "Finding tickets"). An empty text is And{}, which holds everywhere. What
// cannot be read is an *Error.
//
//	query  = both { "OR" both }
//	both   = one { [ "AND" ] one }
//	one    = [ "-" | "NOT" ] ( "(" query ")" | ( "or" | "and" | "not" ) "(" query ")" | field op value { "," value } | quoted | word [ "*" ] )
func Parse(q string) (Expr, error) {
	if !utf8.ValidString(q) || strings.ContainsRune(q, 0) {
		return nil, bad(1, "bad_characters")
	}
	p := &parser{in: []rune(q)}
	if len(p.in) > Longest {
		return nil, bad(Longest+1, "too_long", "max", strconv.Itoa(Longest))
	}
	e, err := p.query(0)
	if err != nil {
		return nil, err
	}
	if p.at < len(p.in) {
		return nil, bad(p.at+1, "stray_close")
	}
	if e == nil {
		if p.said {
			return nil, bad(1, "nothing")
		}
		return And{}, nil
	}
	return e, nil
}

type parser struct {
	in         []rune
	at         int // the next character
	conditions int
	said       bool // there was something, if only punctuation
}

func (p *parser) peek(ahead int) rune {
	if p.at+ahead < len(p.in) {
		return p.in[p.at+ahead]
	}
	return -1
}

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func (p *parser) skip() {
	for p.at < len(p.in) && blank(p.in[p.at]) {
		p.at++
	}
}

// query reads alternatives up to the end or a closing parenthesis; nil where there is nothing to look for.
func (p *parser) query(depth int) (Expr, error) {
	sides, err := p.sides(depth)
	if err != nil {
		return nil, err
	}
	var any Or
	for _, s := range sides {
		if e := all(s); e != nil {
			any = append(any, e)
		}
	}
	switch len(any) {
	case 0:
		return nil, nil //nolint:nilnil // nothing to look for is no mistake
	case 1:
		return any[0], nil
	}
	return any, nil
}

func all(parts []Expr) Expr {
	if len(parts) == 0 {
		return nil
	}
	return All(parts...)
}

// sides reads what stands between the ORs.
func (p *parser) sides(depth int) ([][]Expr, error) {
	if depth > deepest {
		return nil, bad(p.at+1, "too_deep", "max", strconv.Itoa(deepest))
	}
	var sides [][]Expr
	var side []Expr
	begun := false // this side has something
	for {
		p.skip()
		from := p.at
		if p.at == len(p.in) || p.in[p.at] == ')' {
			if len(sides) > 0 && !begun {
				return nil, bad(from+1, "dangling", "op", "OR")
			}
			return append(sides, side), nil
		}
		switch operator := p.operator("OR", "AND"); {
		case operator != "" && !begun:
			return nil, bad(from+1, "dangling", "op", operator)
		case operator == "OR":
			sides, side, begun = append(sides, side), nil, false
			continue
		case operator == "AND":
			if p.skip(); p.at == len(p.in) || p.in[p.at] == ')' || p.isOperator("OR", "AND") {
				return nil, bad(from+1, "dangling", "op", operator)
			}
		}
		e, err := p.one(depth)
		if err != nil {
			return nil, err
		}
		begun = true
		if e != nil {
			side = append(side, e)
		}
	}
}

// operator takes one of some words in capitals, if it stands here by itself.
func (p *parser) operator(names ...string) string {
	for _, name := range names {
		end := p.at + len(name)
		if end <= len(p.in) && string(p.in[p.at:end]) == name && (end == len(p.in) || blank(p.in[end]) || p.in[end] == ')' || p.in[end] == '"') {
			p.at = end
			return name
		}
	}
	return ""
}

func (p *parser) isOperator(names ...string) bool {
	at := p.at
	found := p.operator(names...) != ""
	p.at = at
	return found
}

func (p *parser) one(depth int) (Expr, error) {
	from, negation := p.at, ""
	switch {
	case p.peek(0) == '-' && p.peek(1) != -1 && !blank(p.peek(1)) && p.peek(1) != ')':
		p.at, negation = p.at+1, "-"
	case p.isOperator("NOT"):
		negation = p.operator("NOT")
		p.skip()
	}
	if negation != "" {
		if p.at == len(p.in) || p.in[p.at] == ')' || p.isOperator("OR", "AND") {
			return nil, bad(from+1, "dangling_not", "op", negation)
		}
		if depth++; depth > deepest {
			return nil, bad(p.at+1, "too_deep", "max", strconv.Itoa(deepest))
		}
		e, err := p.one(depth)
		if e == nil || err != nil {
			return nil, err
		}
		return Not{e}, nil
	}
	switch {
	case p.peek(0) == '(':
		return p.group("and", depth)
	case p.peek(0) == '"':
		return p.phrase()
	}
	for _, name := range []string{"or", "and", "not"} {
		if end := p.at + len(name); end < len(p.in) && p.in[end] == '(' && strings.EqualFold(string(p.in[p.at:end]), name) {
			p.at = end
			return p.group(name, depth)
		}
	}
	return p.term()
}

// group reads what stands in parentheses, the first of which is next.
func (p *parser) group(name string, depth int) (Expr, error) {
	opened := p.at
	p.at++
	sides, err := p.sides(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.at == len(p.in) {
		return nil, bad(opened+1, "open_group")
	}
	if strings.TrimFunc(string(p.in[opened+1:p.at]), blank) == "" {
		return nil, bad(opened+1, "empty_group")
	}
	p.at++
	var any Or
	for _, s := range sides {
		if name == "or" {
			any = append(any, s...)
		} else if e := all(s); e != nil {
			any = append(any, e)
		}
	}
	var e Expr = any
	switch len(any) {
	case 0:
		return nil, nil //nolint:nilnil // nothing to look for is no mistake
	case 1:
		e = any[0]
	}
	if name == "not" {
		return Not{e}, nil
	}
	return e, nil
}

func (p *parser) phrase() (Expr, error) {
	from := p.at
	text, err := p.quoted()
	if err != nil {
		return nil, err
	}
	if strings.TrimFunc(text, blank) == "" {
		return nil, bad(from+1, "empty_quote")
	}
	if p.said = true; len(Terms(text)) == 0 {
		return nil, bad(from+1, "empty_quote")
	}
	return Phrase{text}, p.count(from)
}

// quoted reads from one quote to the next; a backslash takes the next character as it is.
func (p *parser) quoted() (string, error) {
	from := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.in); p.at++ {
		switch r := p.in[p.at]; {
		case r == '"':
			p.at++
			return b.String(), nil
		case r == '\\' && p.at+1 < len(p.in) && (p.in[p.at+1] == '"' || p.in[p.at+1] == '\\'):
			p.at++
			b.WriteRune(p.in[p.at])
		default:
			b.WriteRune(r)
		}
	}
	return "", bad(from+1, "open_quote")
}

func (p *parser) count(from int) error {
	if p.conditions++; p.conditions > mostConditions {
		return bad(from+1, "too_many", "max", strconv.Itoa(mostConditions))
	}
	return nil
}

// term reads a comparison or a word.
func (p *parser) term() (Expr, error) {
	from := p.at
	if name, op, size := p.comparison(); op != "" {
		f, ok := fieldNamed(name)
		if !ok {
			return nil, bad(from+1, "unknown_field", "name", name, "known", strings.Join(Fields(), ", "))
		}
		p.at += size
		return p.compare(from, f, op)
	}
	for p.at < len(p.in) && !blank(p.in[p.at]) && !strings.ContainsRune(`()"`, p.in[p.at]) {
		p.at++
	}
	p.said = true
	text := string(p.in[from:p.at])
	word := Word{Text: strings.TrimRight(text, "*")}
	word.Prefix = word.Text != text
	if len(Terms(word.Text)) == 0 {
		return nil, nil //nolint:nilnil // punctuation by itself asks for nothing
	}
	return word, p.count(from)
}

// comparison looks for a name and an operator; size is how much of the text they are.
func (p *parser) comparison() (name string, op Op, size int) {
	n := 0
	for r := p.peek(n); r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'; r = p.peek(n) {
		n++
	}
	if n < 2 { // a letter and a colon are a drive of Windows
		return "", "", 0
	}
	name = string(p.in[p.at : p.at+n])
	switch r, next := p.peek(n), p.peek(n+1); {
	case r == ':' && next == '/' && p.peek(n+2) == '/': // an address of the web
	case r == ':':
		if _, known := fieldNamed(name); known || next != -1 && !blank(next) && next != ')' {
			return name, Equal, n + 1
		}
	case (r == '<' || r == '>') && next == '=':
		return name, Op(r) + "=", n + 2
	case r == '<' || r == '>':
		return name, Op(r), n + 1
	}
	return "", "", 0
}

func (p *parser) compare(from int, name Field, op Op) (Expr, error) {
	is := Is{Field: name, Op: op}
	f := fields[name]
	switch {
	case op != Equal && !f.comparable():
		return nil, bad(from+1, "no_order", "field", string(name), "op", string(op))
	case op == Equal && f.kind == span:
		return nil, bad(from+1, "only_order", "field", string(name))
	}
	for {
		at := p.at
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		if v == "" {
			return nil, bad(at+1, "needs_value", "field", string(name), "op", string(op))
		}
		if v, err = f.read(at, name, v); err != nil {
			return nil, err
		}
		if !slices.Contains(is.Values, v) {
			is.Values = append(is.Values, v)
		}
		if p.peek(0) != ',' {
			break
		}
		if op != Equal {
			return nil, bad(p.at+1, "one_value", "field", string(name), "op", string(op))
		}
		if p.at++; len(is.Values) >= mostValues {
			return nil, bad(p.at, "too_many", "max", strconv.Itoa(mostValues))
		}
	}
	p.said = true
	return is, p.count(from)
}

func (p *parser) value() (string, error) {
	if p.peek(0) == '"' {
		return p.quoted()
	}
	from := p.at
	for p.at < len(p.in) && !blank(p.in[p.at]) && !strings.ContainsRune(`,()"`, p.in[p.at]) {
		p.at++
	}
	return string(p.in[from:p.at]), nil
}

// read holds a value against what the field takes, and writes it in its one form.
func (f field) read(at int, name Field, v string) (string, error) {
	lower := strings.ToLower(v)
	if slices.Contains(f.special, lower) {
		return lower, nil
	}
	switch f.kind {
	case words, ordered:
		if !slices.Contains(f.values, lower) {
			return "", bad(at+1, "unknown_value", "value", v, "field", string(name), "known", f.known())
		}
		return lower, nil
	case key:
		if !isKey(lower) {
			return "", bad(at+1, "key", "value", v)
		}
		return lower, nil
	case integer:
		n, err := strconv.ParseInt(strings.Trim(v, "#[]"), 10, 64)
		if err != nil || n < 0 {
			return "", bad(at+1, "number", "value", v)
		}
		return strconv.FormatInt(n, 10), nil
	case instant:
		if _, _, ok := Instants(lower, time.Unix(0, 0)); !ok {
			return "", bad(at+1, "instant", "value", v)
		}
		return lower, nil
	case span:
		if _, ok := Span(lower); !ok {
			return "", bad(at+1, "span", "value", v)
		}
		return lower, nil
	case text:
	}
	if utf8.RuneCountInString(v) > f.longest {
		return "", bad(at+1, "too_long", "max", strconv.Itoa(f.longest))
	}
	if !name.findable(v) {
		return "", bad(at+1, "nothing_in", "field", string(name))
	}
	return v, nil
}

// findable tells whether there is something to look for.
func (name Field) findable(v string) bool {
	switch name { //nolint:exhaustive // the rest compare whole texts
	case Title:
		return len(Terms(v)) > 0
	case Phone:
		return FoldPhone(v) != ""
	case ClientName, ClientNumber, Login, Email:
		return strings.TrimSpace(Fold(v)) != ""
	}
	return true
}

func isKey(s string) bool {
	if s == "" || len(s) > 40 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
