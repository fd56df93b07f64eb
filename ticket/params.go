package ticket

import "time"

// Params are the parameters of a command; the one that belongs to its kind is set.
type Params struct {
	Create    *CreateParams    `json:"create,omitempty"`
	Hold      *HoldParams      `json:"hold,omitempty"`
	Resolve   *ResolveParams   `json:"resolve,omitempty"`
	Escalate  *EscalateParams  `json:"escalate,omitempty"`
	Assign    *AssignParams    `json:"assign,omitempty"`
	Reply     *ReplyParams     `json:"client_reply,omitempty"`
	Automatic *AutomaticParams `json:"automatic_mail,omitempty"`
	Failed    *FailedParams    `json:"delivery_failed,omitempty"`
	Timer     *TimerParams     `json:"timer,omitempty"`
	Classify  *ClassifyParams  `json:"classify,omitempty"`
	Verdict   *VerdictParams   `json:"client_verdict,omitempty"`
	Merge     *MergeParams     `json:"merge,omitempty"`
	MergeIn   *MergeInParams   `json:"merge_in,omitempty"`
	Link      *LinkParams      `json:"link,omitempty"`
	Report    *ReportParams    `json:"child_report,omitempty"`
	Promise   *PromiseParams   `json:"promise,omitempty"`
	Feedback  *FeedbackParams  `json:"feedback,omitempty"`
	Split     *SplitParams     `json:"split,omitempty"`
	Move      *MoveParams      `json:"move,omitempty"`
	Withdraw  *WithdrawParams  `json:"withdraw,omitempty"`
	Trigger   string           `json:"trigger,omitempty"` // key of the trigger that asks for it (N9)
	Problem   string           `json:"problem,omitempty"` // reason key: what was wrong with a signal sent by hand
	Name      string           `json:"name,omitempty"`    // the signal's name, where it is not a command's
}

// CreateParams open a ticket that no client's message opened. Parent is set where an issue desk's ticket is opened by
// a hand-over. Impact and urgency give the priority at a desk that works by them.
type CreateParams struct {
	Group   string `json:"group,omitempty"`
	Owner   string `json:"owner,omitempty"`
	Parent  Number `json:"parent,omitempty"`
	Impact  Level  `json:"impact,omitzero"`
	Urgency Level  `json:"urgency,omitzero"`
}

// HoldParams say what the ticket waits for and when it wakes by itself (nil: not by itself).
type HoldParams struct {
	Reason HoldReason `json:"reason"`
	Until  *time.Time `json:"until,omitempty"`
}

// ResolveParams carry the category of a resolution without a mail to the client, and the solution where the desk
// records one: the rules look only at whether there is one. Recalled is set where a parent takes a hand-over back.
type ResolveParams struct {
	Category Category `json:"category,omitzero"`
	Solution string   `json:"solution,omitempty"`
	Recalled bool     `json:"recalled,omitempty"`
}

// EscalateParams raise a ticket one tier, to a group where one is named, or hand it over to an issue desk where a
// desk is named. Title, body, reception type and fields are the child's: the rules don't look at them. Child is its
// number, drawn by the store before it asks the rules (0: not a hand-over, or only asked whether it is possible).
type EscalateParams struct {
	Desk          string         `json:"desk,omitempty"`
	Group         string         `json:"group,omitempty"`
	Title         string         `json:"title,omitempty"`
	Body          string         `json:"body,omitempty"`
	ReceptionType string         `json:"reception_type,omitempty"`
	Fields        map[string]any `json:"fields,omitempty"`
	Child         Number         `json:"child,omitempty"`
}

// AssignParams change owner or group. A nil field stays as it is; an empty one is cleared.
type AssignParams struct {
	Group *string `json:"group,omitempty"`
	Owner *string `json:"owner,omitempty"`
}

// ClassifyParams change labels; a nil field stays as it is. The rules look at the priority, at impact and urgency
// where the desk works by them, and at whether anything but tags and fields would change.
type ClassifyParams struct {
	Title         *string        `json:"title,omitempty"`
	Priority      Priority       `json:"priority,omitzero"`
	Impact        Level          `json:"impact,omitzero"`
	Urgency       Level          `json:"urgency,omitzero"`
	Type          *string        `json:"type,omitempty"`
	ReceptionType *string        `json:"reception_type,omitempty"`
	Tags          *[]string      `json:"tags,omitempty"`
	AddTags       []string       `json:"add_tags,omitempty"`    // to those it has
	RemoveTags    []string       `json:"remove_tags,omitempty"` // of those it has
	Fields        map[string]any `json:"fields,omitempty"`
	Language      *string        `json:"language,omitempty"`
	DueAt         *time.Time     `json:"due_at,omitempty"`
}

// OnlyLabels reports whether nothing but tags and fields would change: a closed ticket takes no more.
func (c ClassifyParams) OnlyLabels() bool { return c.OnlyFields() || c.onlyWith(c.OfTags()) }

// OnlyFields reports whether nothing but fields would change.
func (c ClassifyParams) OnlyFields() bool { return !c.OfTags() && c.onlyWith(c.Fields != nil) }

// OfClients reports whether nothing would change but what a desk may leave to its clients (ClientFields): never what the
// process goes by.
func (c ClassifyParams) OfClients() bool {
	some := c.Title != nil || c.Type != nil || c.Language != nil || c.Fields != nil
	c.Title, c.Type, c.Language = nil, nil, nil
	return !c.OfTags() && c.onlyWith(some)
}

// OfTags reports whether tags would change.
func (c ClassifyParams) OfTags() bool {
	return c.Tags != nil || len(c.AddTags) > 0 || len(c.RemoveTags) > 0
}

func (c ClassifyParams) onlyWith(something bool) bool {
	return something && c.Title == nil && c.Priority == NoPriority && c.Impact == NoLevel && c.Urgency == NoLevel && c.Type == nil &&
		c.ReceptionType == nil && c.Language == nil && c.DueAt == nil
}

// ReplyParams say by which route a client's words came. Copied is set where a parent passes them on to its child.
type ReplyParams struct {
	Channel Channel `json:"channel,omitzero"`
	Mute    bool    `json:"mute,omitempty"` // no acknowledgement may be sent (automatic sender's wish, caps, null sender)
	Copied  bool    `json:"copied,omitempty"`
}

// VerdictParams are what a client says of the answer.
type VerdictParams struct {
	Verdict Verdict `json:"verdict"`
}

// MergeParams name the ticket that survives. TargetState and Ring are facts that the store adds under both tickets'
// locks: how the survivor stands, and whether it is (by however many steps) merged into this one.
type MergeParams struct {
	Into        Number `json:"into"`
	TargetState State  `json:"target_state,omitzero"` // absent: only asked whether a merge is possible at all
	Ring        bool   `json:"ring,omitempty"`
}

// MergeInParams tell a survivor who comes, and whether the client's last words there are unanswered.
type MergeInParams struct {
	From       Number `json:"from"`
	Unanswered bool   `json:"unanswered,omitempty"`
}

// LinkParams tie two tickets. Kind: follow_up, hand_over, merged, related, duplicate, causes.
type LinkParams struct {
	Number Number `json:"number"`
	Kind   string `json:"kind"`
}

// ReportParams are what a child tells its parent.
type ReportParams struct {
	Child   Number       `json:"child"`
	Outcome ChildOutcome `json:"outcome"`
}

// PromiseParams are a deadline that an agent sets himself. The text is not for the rules.
type PromiseParams struct {
	DueAt time.Time `json:"due_at"`
	Text  string    `json:"text,omitempty"`
}

// FeedbackParams are the client's opinion of the service.
type FeedbackParams struct {
	Rating  int    `json:"rating"` // 1-5
	Comment string `json:"comment,omitempty"`
}

// SplitParams name a wrongly threaded message. Only is a fact that the store adds: it is the client's only unanswered
// message here, so that without it nobody waits.
type SplitParams struct {
	Message string `json:"message"`
	Only    bool   `json:"only,omitempty"`
}

// MoveParams name a wrongly threaded message and the ticket it belongs to. Only: as in SplitParams.
type MoveParams struct {
	Message string `json:"message"`
	Into    Number `json:"into"`
	Only    bool   `json:"only,omitempty"`
}

// WithdrawParams name a message that has not left yet. Queued, Revision and Before are facts that the store adds: its
// mail still waits in its undo time, the revision that its command made, and the process before that command.
type WithdrawParams struct {
	Message  string   `json:"message"`
	Queued   bool     `json:"queued,omitempty"`
	Revision int64    `json:"revision,omitempty"`
	Before   *Process `json:"before,omitempty"`
}

// AutomaticParams tell what kind of automatic mail came (mail.Class).
type AutomaticParams struct {
	Class string `json:"class,omitempty"`
}

// FailedParams tell which delivery failed and how. Final: it carried the final answer; Hard: the address will never
// take it; Verified: the report was proved to be about a mail of ours.
type FailedParams struct {
	Delivery string `json:"delivery"`
	State    string `json:"state"` // failed, uncertain, bounced
	Verified bool   `json:"verified,omitempty"`
	Hard     bool   `json:"hard,omitempty"`
	Final    bool   `json:"final,omitempty"`
}

// TimerParams tell which clock fired, and for which instant (its due, or its warning) and generation it had been set.
type TimerParams struct {
	Clock      string    `json:"clock"`
	Due        time.Time `json:"due"`
	Generation int       `json:"generation"`
}

// Verdict is what a client says of the answer (PRODUCT §3).
type Verdict uint8

// The verdicts.
const (
	NoVerdict Verdict = iota
	VerdictSolved
	VerdictNotSolved
	VerdictCancel
)

var verdictNames = names[Verdict]{"verdict", []string{"", "solved", "not_solved", "cancel"}}

func (v Verdict) String() string               { return verdictNames.text(v) }
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }
func (v *Verdict) UnmarshalText(b []byte) (err error) {
	*v, err = verdictNames.read(b)
	return err
}

// Verdicts lists every verdict.
func Verdicts() []Verdict { return verdictNames.all() }

// ChildOutcome is how a hand-over came back (PRODUCT §2, C7): a held issue must not be read as a solved one.
type ChildOutcome uint8

// The outcomes of a hand-over.
const (
	NoChildOutcome ChildOutcome = iota // the child works on it
	ChildResolved
	ChildHeld
	ChildInternal // resolved without an answer
	ChildOverdue  // its promise is over; the ticket came back by itself
)

var childNames = names[ChildOutcome]{"outcome of a hand-over", []string{"", "resolved", "held", "internal", "overdue"}}

func (o ChildOutcome) String() string               { return childNames.text(o) }
func (o ChildOutcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }
func (o *ChildOutcome) UnmarshalText(b []byte) (err error) {
	*o, err = childNames.read(b)
	return err
}

// Level is how much an incident hurts (impact) or how soon it must be mended (urgency).
type Level uint8

// The levels.
const (
	NoLevel Level = iota
	LevelLow
	LevelMedium
	LevelHigh
)

var levelNames = names[Level]{"level", []string{"", "low", "medium", "high"}}

func (l Level) String() string               { return levelNames.text(l) }
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
func (l *Level) UnmarshalText(b []byte) (err error) {
	*l, err = levelNames.read(b)
	return err
}

// Levels lists every level.
func Levels() []Level { return levelNames.all() }
