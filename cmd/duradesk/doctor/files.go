package doctor

import "context"

// files looks whether attachments can be read, and whether they lie where new ones go.
func (x *examination) files(ctx context.Context) {
	p, err := x.Store.FilesPlaced(ctx)
	if err != nil {
		x.say("attachments", Error, "record_unreadable", "why", line(err))
		return
	}
	if x.Objects != nil {
		ctx, done := context.WithTimeout(ctx, patience)
		defer done()
		if err := x.Objects(ctx); err != nil {
			x.say("attachments", Error, "attachments_away", "why", line(err))
			return
		}
	}
	outside, inside := count(int(p.Outside)), count(int(p.Database))
	switch {
	case p.Outside > 0 && !x.Outside:
		x.say("attachments", Error, "attachments_unreachable", "count", outside)
	case p.Database > 0 && x.Outside:
		x.say("attachments", Warning, "attachments_split", "count", inside)
	default:
		x.say("attachments", OK, "attachments", "inside", inside, "outside", outside)
	}
}
