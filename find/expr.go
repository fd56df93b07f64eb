package find

import "strings"

// Expr is a condition on tickets. Its String is the grammar again: parsed, it gives the same expression.
type Expr interface {
	String() string
	expr()
}

// And holds where all of its parts hold; without parts it holds everywhere.
type And []Expr

// Or holds where one of its parts holds.
type Or []Expr

// Not holds where its part does not.
type Not struct{ Of Expr }

// Word is text that occurs in the title, a message, or what the client is called or known by: in any form of an
// English word, as written in Japanese. With Prefix, words that begin so.
type Word struct {
	Text   string
	Prefix bool
}

// Phrase is text that occurs letter for letter, but for case, width, kind of kana and white space.
type Phrase struct{ Text string }

// Is compares a field with values: any of them will do.
type Is struct {
	Field  Field
	Op     Op
	Values []string // canonical: "me" and "none" stand for themselves
}

func (And) expr()    {}
func (Or) expr()     {}
func (Not) expr()    {}
func (Word) expr()   {}
func (Phrase) expr() {}
func (Is) expr()     {}

// Op compares.
type Op string

// The comparisons. Equal is written as a colon.
const (
	Equal   Op = ":"
	Less    Op = "<"
	AtMost  Op = "<="
	More    Op = ">"
	AtLeast Op = ">="
)

// All joins conditions: one that holds where every one of them does.
func All(parts ...Expr) Expr {
	var all And
	for _, p := range parts {
		switch p := p.(type) {
		case nil:
		case And:
			all = append(all, p...)
		default:
			all = append(all, p)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// Walk visits an expression and all in it; negated tells whether a part stands under an odd number of negations.
func Walk(e Expr, visit func(e Expr, negated bool)) { walk(e, false, visit) }

func walk(e Expr, negated bool, visit func(Expr, bool)) {
	if e == nil {
		return
	}
	visit(e, negated)
	switch e := e.(type) {
	case And:
		for _, p := range e {
			walk(p, negated, visit)
		}
	case Or:
		for _, p := range e {
			walk(p, negated, visit)
		}
	case Not:
		walk(e.Of, !negated, visit)
	}
}

func (a And) String() string {
	if len(a) == 0 {
		return ""
	}
	return list(a)
}

func (o Or) String() string { return "or(" + list(o) + ")" }

func list(parts []Expr) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = part(p)
	}
	return strings.Join(texts, " ")
}

// part is an expression within another one.
func part(e Expr) string {
	if and, ok := e.(And); ok {
		return "and(" + and.String() + ")"
	}
	return e.String()
}

func (n Not) String() string { return "-" + part(n.Of) }

func (w Word) String() string {
	if w.Prefix {
		return w.Text + "*"
	}
	return w.Text
}

func (p Phrase) String() string { return quoted(p.Text) }

func (i Is) String() string {
	values := make([]string, len(i.Values))
	for n, v := range i.Values {
		values[n] = value(v)
	}
	return string(i.Field) + string(i.Op) + strings.Join(values, ",")
}

// value quotes what would not be read back as one value.
func value(v string) string {
	if v == "" || strings.ContainsFunc(v, func(r rune) bool { return blank(r) || strings.ContainsRune(`,()"\`, r) }) {
		return quoted(v)
	}
	return v
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoted(text string) string { return `"` + escapes.Replace(text) + `"` }
