package lifecycle

import "duradesk/ticket"

// Before is how a ticket stood before a command: its process and its labels.
type Before struct {
	Process       ticket.Process `json:"process"`
	Title         string         `json:"title"`
	Type          string         `json:"type"`
	Language      string         `json:"language"`
	ReceptionType string         `json:"reception_type"`
	Tags          []string       `json:"tags"`
	Fields        map[string]any `json:"fields"`
}

// Why a command cannot be undone: words that people read through the catalog.
const (
	UndoNoWayBack = "no_way_back"       // no command leads there
	UndoChanged   = "changed_since"     // somebody did something after it
	UndoNothing   = "nothing_was_done"  // it was not applied
	UndoNotSeen   = "not_seen_any_more" // the ticket is of a desk that the asker is not in
)

// Undo says which command takes back what another did, as far as a command exists for it; why not, where none does.
// message is the id of the message that went with it, "" for none: as long as its mail has not left, it is withdrawn,
// and state and clocks return with it.
func Undo(before Before, kind ticket.Kind, p ticket.Params, message string) (ticket.Kind, ticket.Params, string) {
	was := before.Process
	if message != "" && (kind == ticket.AgentResponse || kind == ticket.Hold || kind == ticket.Resolve) {
		return ticket.Withdraw, ticket.Params{Withdraw: &ticket.WithdrawParams{Message: message}}, ""
	}
	switch kind { //nolint:exhaustive // for the rest there is no way back
	case ticket.Assign:
		return ticket.Assign, ticket.Params{Assign: &ticket.AssignParams{Group: &was.Group, Owner: &was.Owner}}, ""
	case ticket.Resolve:
		if p.Resolve != nil && p.Resolve.Category == ticket.CategorySpam {
			return ticket.Restore, ticket.Params{}, ""
		}
		return backToHold(was)
	case ticket.Hold:
		return backToHold(was)
	case ticket.Escalate:
		if p.Escalate != nil && p.Escalate.Desk != "" {
			return ticket.Recall, ticket.Params{}, ""
		}
	case ticket.Merge:
		return ticket.Unmerge, ticket.Params{}, ""
	case ticket.Classify:
		if p.Classify != nil && p.Classify.DueAt == nil {
			return ticket.Classify, ticket.Params{Classify: formerLabels(before, *p.Classify)}, ""
		}
	}
	return kind, ticket.Params{}, UndoNoWayBack
}

func backToHold(was ticket.Process) (ticket.Kind, ticket.Params, string) {
	if was.State != ticket.OnHold {
		return ticket.Hold, ticket.Params{}, UndoNoWayBack
	}
	back := ticket.HoldParams{Reason: was.Hold}
	for _, k := range was.Clocks {
		if k.Kind == ticket.Wake && k.State == ticket.Running {
			at := k.Due
			back.Until = &at
		}
	}
	return ticket.Hold, ticket.Params{Hold: &back}, ""
}

// formerLabels are the old ones of those that were changed.
func formerLabels(before Before, c ticket.ClassifyParams) *ticket.ClassifyParams {
	var out ticket.ClassifyParams
	if c.Title != nil {
		out.Title = &before.Title
	}
	if c.Priority != ticket.NoPriority || c.Impact != ticket.NoLevel || c.Urgency != ticket.NoLevel {
		out.Priority = before.Process.Priority
	}
	if c.Type != nil {
		out.Type = &before.Type
	}
	if c.ReceptionType != nil {
		out.ReceptionType = &before.ReceptionType
	}
	if c.OfTags() {
		out.Tags = &before.Tags
	}
	if c.Fields != nil {
		out.Fields = map[string]any{}
		for name := range c.Fields {
			out.Fields[name] = before.Fields[name]
		}
	}
	if c.Language != nil {
		out.Language = &before.Language
	}
	return &out
}
