package activities

import (
	"fmt"
	"strconv"
	"strings"

	"duradesk/mail"
	"duradesk/ticket"
)

// staffLetter writes a mail to a member of staff: what happened to which ticket, why he is told, and the way there. It
// has no word of any client or agent but the tickets' titles, as plain text, and no number in brackets: an answer to it
// is no client's.
func (d *Deliveries) staffLetter(m ticket.Mail) (mail.Outgoing, error) {
	if len(m.Notices) == 0 || d.Say == nil {
		return mail.Outgoing{}, fmt.Errorf("there is nothing to tell")
	}
	lang := "en"
	if strings.HasPrefix(m.Language, "ja") {
		lang = "ja"
	}
	say := func(key string, args map[string]string) string { return d.Say(lang, key, args) }
	last := m.Notices[len(m.Notices)-1]
	subject := say("notice.subject_many", map[string]string{"count": strconv.Itoa(len(m.Notices))})
	if len(m.Notices) == 1 {
		subject = say("notice.subject", map[string]string{"what": strings.TrimSuffix(strings.TrimSuffix(say("event."+last.Name, nil), "."), "。"), "number": number(last)})
	}
	var body strings.Builder
	for _, n := range m.Notices {
		fmt.Fprintf(&body, "%s\n", say("notice.line", map[string]string{"number": number(n), "title": oneLine(n.Title), "what": say("event."+n.Name, nil)}))
		fmt.Fprintf(&body, "%s\n", say("notice.why", map[string]string{"why": say("audience."+n.Audience, nil), "at": n.At.UTC().Format("2006-01-02 15:04") + " UTC"}))
		if d.ConsoleURL != "" {
			fmt.Fprintf(&body, "%s/tickets/%s\n", strings.TrimRight(d.ConsoleURL, "/"), number(n))
		}
		body.WriteString("\n")
	}
	foot := "notice.foot_many"
	if about(m.Notices) == 1 {
		foot = "notice.foot"
	}
	body.WriteString(say(foot, nil) + "\n")
	return mail.Outgoing{
		MessageID: m.MailID, Date: m.Date, From: mail.Address{Name: m.From.Name, Addr: m.From.Address}, To: toPeople(m.To),
		Subject: subject, Body: body.String(), Format: mail.FormatText, Automatic: true, Language: lang, Marker: true,
	}, nil
}

// about counts the tickets that notices speak of.
func about(list []ticket.NoticeLine) int {
	seen := map[ticket.Number]bool{}
	for _, n := range list {
		seen[n.Number] = true
	}
	return len(seen)
}

func number(n ticket.NoticeLine) string { return strconv.FormatInt(int64(n.Number), 10) }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func toPeople(list []ticket.Address) []mail.Address {
	out := make([]mail.Address, len(list))
	for i, a := range list {
		out[i] = mail.Address{Name: a.Name, Addr: a.Address}
	}
	return out
}
