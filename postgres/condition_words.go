package postgres

import (
	"strconv"
	"strings"

	"duradesk/find"
)

func wordTerms(w find.Word) []find.Term {
	if w.Prefix {
		return find.PrefixTerms(w.Text)
	}
	return find.Terms(w.Text)
}

// tsquery writes terms that must all be found.
func tsquery(terms []find.Term) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = "'" + lexemeSpecial.Replace(t.Lexeme) + "'"
		if t.Prefix {
			parts[i] += ":*"
		}
	}
	return strings.Join(parts, " & ")
}

var lexemeSpecial = strings.NewReplacer(`'`, `''`, `\`, `\\`)

// The offset keeps the planner from turning these around: they are looked up for one ticket at a time.
const oneTicket = " offset 0)"

// said is true of a ticket whose title, messages or client hold the terms in one place; with a folded phrase, letter
// for letter.
func (c *conditions) said(terms []find.Term, phrase, number string) string {
	q := c.arg(tsquery(terms)) + "::text::tsquery"
	title, message, client := "w.words @@ "+q, "w.words @@ "+q, "w.words @@ "+q
	if phrase != "" {
		// Letters are looked at only where the words are: to fold a text takes a hundred times as long as to look into its
		// words, and the planner, who thinks it cheap, would do that first.
		like := c.arg(containsFolded(phrase))
		title = lettered(title, "folded(t.title) like "+like)
		message = lettered(message, "folded(m.body) like "+like)
		client = lettered(client, "folded(w.name) like "+like+" or folded(w.email) like "+like+" or folded(w.number) like "+like)
	}
	condition := "(exists (select from ticket_words w where w.ticket = t.number and " + title + oneTicket +
		" or exists (select from clients w where w.id = t.client and " + client + oneTicket +
		" or exists (select from messages m join message_words w on w.message = m.id where m.ticket = t.number and m.applied and " + message + oneTicket
	if n, ok := numberIn(number); ok {
		condition += " or t.number = " + c.arg(n)
	}
	return condition + ")"
}

// lettered holds letters against a text whose words are right, in this order.
func lettered(words, letters string) string {
	return "case when " + words + " then " + letters + " else false end"
}

// numberIn reads a word that may be a ticket's number, as subjects write it.
func numberIn(word string) (int64, bool) {
	n, err := strconv.ParseInt(strings.Trim(word, "#[]"), 10, 64)
	return n, err == nil
}

// containsFolded finds folded text anywhere; line breaks and blanks are one.
func containsFolded(folded string) string { return "%" + likeSpecial.Replace(folded) + "%" }

// known is a condition on clients w: a part of what they are called or known by.
func (c *conditions) known(field find.Field, v string) string {
	part, kinds := knownBy(field)
	folded := find.Fold(v)
	if field == find.Phone {
		folded = find.FoldPhone(v)
	}
	condition := "w.words @@ " + c.arg(tsquery(find.PartTerms(part, folded))) + "::text::tsquery"
	like := c.arg(containsFolded(folded))
	if field == find.ClientName {
		return condition + " and folded(w.name) like " + like
	}
	return condition + " and exists (select from identities i where i.client = w.id and i.kind in (" + kinds + ") and folded(i.value) like " + like + ")"
}

func knownBy(field find.Field) (part, kinds string) {
	switch field { //nolint:exhaustive // only what clients are known by
	case find.ClientName:
		return partName, ""
	case find.Email:
		return partMail, "'mail'"
	case find.Phone:
		return partPhone, "'phone'"
	case find.ClientNumber:
		return partNumber, "'number'"
	}
	return partLogin, "'login', 'mail', 'external'"
}
