package mail

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	tree "text/template/parse"
)

// Variables lists what a desk's own template or macro may say, each with a sample. {{if}}, {{with}} and {{plain}} may be
// used around them.
func Variables() []string {
	return []string{
		"{{ticket.number}}", "{{ticket.title}}", "{{ticket.previous}}", "{{client.name}}", "{{agent.name}}", "{{desk.name}}", "{{desk.signature}}",
		"{{message}}", "{{link}}", "{{close_days}}",
	}
}

// variables are the functions under which a template finds its data. Words of a stranger are made safe where no person
// looks at the mail before it is sent.
func variables(d TemplateData) template.FuncMap {
	safe := func(s string) string { return s }
	if d.Automatic {
		safe = plainWords
	}
	none := func(...any) (string, error) { return "", errors.New("this function is not for mail templates") }
	return template.FuncMap{
		"plain": plainWords,
		"ticket": func() map[string]any {
			return map[string]any{"number": d.Number, "title": safe(d.Title), "previous": d.Previous}
		},
		"client":     func() map[string]any { return map[string]any{"name": safe(d.Client)} },
		"agent":      func() map[string]any { return map[string]any{"name": d.Agent} },
		"desk":       func() map[string]any { return map[string]any{"name": d.Desk, "signature": d.Signature} },
		"message":    func() string { return d.Body },
		"link":       func() string { return d.Link },
		"close_days": func() int { return d.CloseDays },
		// What could take memory or time without end.
		"printf": none, "print": none, "println": none, "call": none, "html": none, "js": none, "urlquery": none, "slice": none, "index": none,
	}
}

// maxRendered bounds what a template may grow to, in bytes.
const maxRendered = 2 << 20

var errRendered = fmt.Errorf("mail template: it grows above %d MB", maxRendered>>20)

// bounded is a text that refuses to grow without end.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxRendered {
		return 0, errRendered
	}
	return b.Builder.Write(p)
}

// simple refuses what templates of mails have no use for: loops and templates within templates.
func simple(n tree.Node) error {
	switch n := n.(type) {
	case nil:
		return nil
	case *tree.ListNode:
		if n == nil {
			return nil
		}
		for _, inner := range n.Nodes {
			if err := simple(inner); err != nil {
				return err
			}
		}
		return nil
	case *tree.IfNode:
		return errors.Join(simple(n.List), simple(n.ElseList))
	case *tree.WithNode:
		return errors.Join(simple(n.List), simple(n.ElseList))
	case *tree.TextNode, *tree.ActionNode, *tree.CommentNode:
		return nil
	default:
		return fmt.Errorf("mail template: %s: only variables, {{if}} and {{with}} are taken here", n)
	}
}

// Fill fills the variables of a text that agents insert, such as a macro's answer. It has no subject.
func Fill(source string, data TemplateData) (string, error) {
	t, err := parseTemplate(source, data)
	if err != nil {
		return "", err
	}
	return execute(t, data)
}

func execute(t *template.Template, data TemplateData) (string, error) {
	var out bounded
	if err := t.Execute(&out, data); err != nil {
		return "", fmt.Errorf("fill mail template: %w", err)
	}
	return out.String(), nil
}

// sample is the data that a template is tried with.
func sample() TemplateData {
	return TemplateData{
		Number: 1042, Previous: 1001, Title: "title", Client: "client", Agent: "agent", Desk: "desk", Body: "body", Signature: "signature",
		Link: "https://desk.example/", CloseDays: 14,
	}
}

// CheckText says what is wrong with a text that agents insert, for the person who wrote it.
func CheckText(source string) error {
	_, err := Fill(source, sample())
	return err
}
