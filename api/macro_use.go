package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/mail"
	"duradesk/ticket"
)

// UseMacro says what a macro comes to on a ticket: the commands, with its texts filled in, ready to be sent one after
// another. Nothing is done by it.
func (s *server) UseMacro(c *gin.Context, n openapi.Number, id string) {
	rec, err := s.visible(c, ticket.Number(n))
	if err != nil {
		s.told(c, err)
		return
	}
	ctx, done := budget(c)
	defer done()
	who := askerOf(c)
	p, m, err := macros.find(ctx, s, who, id)
	if err != nil {
		s.told(c, err)
		return
	}
	if p.Desk != "" && p.Desk != rec.Process.Desk {
		s.fail(c, problem{kind: notFound})
		return
	}
	d := (&hand{s: s, ctx: ctx, who: asker{Person: Person{Role: ticket.RoleAdmin}}}).findDesk(rec.Process.Desk)
	if m.Then == "" && m.Answer != "" {
		m.Then = d.Manner.AnswerThen
	}
	data := macroData(rec, d, who)
	if m.Answer, err = mail.Fill(m.Answer, data); err == nil {
		m.Note, err = mail.Fill(m.Note, data)
	}
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, openapi.MacroUse{Commands: s.commandsOf(m, rec)})
}

func macroData(rec ticket.Record, d Desk, who asker) mail.TemplateData {
	return mail.TemplateData{
		Number: int64(rec.Process.Number), Title: rec.Title, Client: rec.Client.Name, Agent: who.Name, Desk: d.Name, Signature: d.Manner.Signature.In(rec.Language),
		CloseDays: int(rec.Settings.AutoClose / (24 * time.Hour)),
	}
}

// commandsOf lists a macro's commands in the order in which they should be sent: labels and owner first, so that the
// answer is the last word.
func (s *server) commandsOf(m ticket.Macro, rec ticket.Record) []openapi.MacroCommand {
	out := []openapi.MacroCommand{}
	add := func(k ticket.Kind, body map[string]any) {
		out = append(out, openapi.MacroCommand{Command: k.String(), Body: body})
	}
	if labels := labelsOf(m, rec); len(labels) > 0 {
		add(ticket.Classify, map[string]any{"classify": labels})
	}
	if m.Group != "" || m.Owner != "" {
		to := map[string]any{}
		if m.Group != "" {
			to["group"] = m.Group
		}
		if m.Owner != "" {
			to["owner"] = m.Owner
		}
		add(ticket.Assign, map[string]any{"assign": to})
	}
	if m.Note != "" {
		add(ticket.Note, map[string]any{"message": markdown(m.Note)})
	}
	body := map[string]any{}
	if m.Answer != "" {
		body["message"] = markdown(m.Answer)
	}
	switch m.Then {
	case ticket.AnswerHold:
		hold := map[string]any{"reason": holdReason(m).String()}
		if m.HoldFor > 0 {
			hold["until"] = s.Now().UTC().Add(time.Duration(m.HoldFor) * time.Hour).Format(time.RFC3339)
		}
		body["hold"] = hold
		add(ticket.Hold, body)
	case ticket.AnswerResolve:
		if m.Category != ticket.NoCategory {
			body["resolve"] = map[string]any{"category": m.Category.String()}
		}
		add(ticket.Resolve, body)
	case ticket.AnswerStay:
		if m.Answer != "" {
			add(ticket.AgentResponse, body)
		}
	}
	return out
}

func holdReason(m ticket.Macro) ticket.HoldReason {
	if m.Hold == ticket.NoHold {
		return ticket.HoldClient
	}
	return m.Hold
}

func markdown(text string) map[string]any {
	return map[string]any{"body": text, "body_format": "markdown"}
}

// labelsOf are the labels that a macro changes on a ticket: its tags are added to those that are there.
func labelsOf(m ticket.Macro, rec ticket.Record) map[string]any {
	labels := map[string]any{}
	if m.Priority != ticket.NoPriority && m.Priority != rec.Process.Priority {
		labels["priority"] = m.Priority.String()
	}
	all := slices.Compact(sorted(slices.Concat(rec.Tags, m.Tags)))
	if len(all) > len(rec.Tags) {
		labels["tags"] = all
	}
	return labels
}
