package activities

import (
	"context"
	"fmt"
	"strings"

	"duradesk/mail"
	"duradesk/ticket"
)

// answersNotice finds the mail to staff that a mail answers, by the Message-IDs that we signed. They say nothing about
// where a client's mail belongs, so they are taken out of the hints.
func (m *Mailboxes) answersNotice(ctx context.Context, hints *mail.Hints) (ticket.NoticeMailed, bool, error) {
	var own []mail.OwnID
	var found ticket.NoticeMailed
	ok := false
	for _, id := range hints.Own {
		if id.Kind != mail.KindAgent {
			own = append(own, id)
			continue
		}
		if ok {
			continue
		}
		n, err := m.Intake.NoticeMailed(ctx, id.UUID)
		switch {
		case ticket.CodeOf(err) == ticket.NotFound:
		case err != nil:
			return found, false, err
		default:
			found, ok = n, true
		}
	}
	hints.Own = own
	return found, ok, nil
}

// answeredNotice says what becomes of a mail from a member of staff that answers one of our notices to him: a note on the
// ticket that the notice spoke of, if the mail is proved to be his. It is never a client's ticket, nor is it lost: what
// cannot be taken so waits in the quarantine, where agents see it. false: it answers no notice, or a stranger has got
// hold of one, and is treated as any stranger.
func answeredNotice(n ticket.NoticeMailed, fate ticket.Fate, parsed mail.Message, box ticket.Mailbox, class mail.Class) (ticket.Fate, bool) {
	from := sender(parsed)
	if !strings.EqualFold(from.Addr, n.Email) {
		return fate, false
	}
	fate.Evidence["notice_answered"] = true
	quarantined := func(why string) (ticket.Fate, bool) {
		fate.Fate, fate.Evidence["because"] = "quarantined", why
		return fate, true
	}
	switch {
	case class.Automatic():
		fate.Fate = "automatic" // out of office: filed, no more
		return fate, true
	case box.Authserv != "" && mail.Authentication(parsed, box.Authserv) != mail.AuthPass:
		return quarantined("an answer to a notice whose sender is not proved")
	case !n.Sees:
		return quarantined("an answer to a notice by somebody who does not see the ticket any more")
	case n.Number == 0:
		return quarantined("an answer to a digest of several tickets: nobody can tell which one is meant")
	}
	words := message(parsed, fate.Received, false, n.Name)
	words.Note, words.To, words.Cc = true, nil, nil
	words.Author = ticket.By{Kind: ticket.ActorAgent, ID: n.Agent, Name: n.Name}
	fate.Order = &ticket.Order{
		ID: fmt.Sprintf("mail:%s:%d:%d", fate.Mailbox, fate.UIDValidity, fate.UID), Number: n.Number, Kind: ticket.Note,
		By: ticket.Actor{Kind: ticket.ActorAgent, ID: n.Agent, Role: n.Role}, Name: n.Name, Message: words,
	}
	return fate, true
}
