package doctor

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"duradesk/dispatch"
	"duradesk/ticket"
	"duradesk/worker"
)

// OldestTemporal is the oldest server with all that the desk uses: user metadata on timers and activities, search
// attributes that are listed by namespace, one poll for both kinds of tasks of a queue.
const OldestTemporal = "1.28.0"

// temporal reports whether the server answers.
func (x *examination) temporal(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	info, err := x.Temporal.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		x.say("temporal", Error, "temporal_away", "why", line(err))
		return false
	}
	version := info.GetServerVersion()
	x.judge("temporal", older(version, OldestTemporal), Error, "temporal_old", "have", version, "want", OldestTemporal)
	return true
}

// older compares versions such as 1.32.1 number by number; what is no number counts as 0.
func older(a, b string) bool {
	x, y := strings.Split(strings.TrimPrefix(a, "v"), "."), strings.Split(b, ".")
	for i := range y {
		have := 0
		if i < len(x) {
			digits, _, _ := strings.Cut(x[i], "-")
			have, _ = strconv.Atoi(digits)
		}
		want, _ := strconv.Atoi(y[i])
		if have != want {
			return have < want
		}
	}
	return false
}

// namespace looks at retention and search attributes.
func (x *examination) namespace(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	n, err := x.Temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: x.Namespace})
	if err != nil {
		x.say("namespace", Error, "namespace_missing", "namespace", x.Namespace, "why", line(err))
		return
	}
	kept := n.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	x.judge("retention", kept < x.Retention, Error, "retention_short", "namespace", x.Namespace, "have", kept.String(), "want", x.Retention.String())
	have, err := x.Temporal.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: x.Namespace})
	if err != nil {
		x.say("search_attributes", Error, "attributes_unreadable", "why", line(err))
		return
	}
	var missing, wrong []string
	for _, name := range slices.Sorted(maps.Keys(dispatch.Attributes)) {
		is, there := have.GetCustomAttributes()[name]
		switch want := dispatch.Attributes[name]; {
		case !there:
			missing = append(missing, name)
		case is != want:
			wrong = append(wrong, name+": "+is.String()+" ≠ "+want.String())
		}
	}
	switch {
	case len(wrong) > 0:
		x.say("search_attributes", Error, "attributes_wrong", "attributes", strings.Join(wrong, ", "))
	case len(missing) > 0:
		x.say("search_attributes", Warning, "attributes_missing", "attributes", strings.Join(missing, ", "))
	default:
		x.say("search_attributes", OK, "search_attributes")
	}
}

// queues looks at who works, and in how many parts each task queue lies.
func (x *examination) queues(ctx context.Context) {
	for _, queue := range ticket.Queues() {
		x.pollers(ctx, queue)
		x.partitions(ctx, queue)
	}
}

func (x *examination) pollers(ctx context.Context, queue string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	builds := map[string]int{}
	for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
		d, err := x.Temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: x.Namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}, TaskQueueType: kind,
		})
		if err != nil {
			x.say("pollers", Error, "pollers_unknown", "queue", queue, "why", line(err))
			return
		}
		if kind == enumspb.TASK_QUEUE_TYPE_WORKFLOW {
			x.version(queue, d.GetVersioningInfo().GetCurrentDeploymentVersion())
		}
		recent := 0
		for _, p := range d.GetPollers() {
			if worker.Polls(p, x.Now().Add(x.skew)) {
				builds[BuildOf(p.GetIdentity())]++
				recent++
			}
		}
		if recent == 0 {
			x.say("pollers", Error, "no_pollers", "queue", queue, "kind", map[bool]string{true: "workflow", false: "activity"}[kind == enumspb.TASK_QUEUE_TYPE_WORKFLOW])
			return
		}
	}
	if _, current := builds[x.Build]; !current {
		x.say("pollers", Error, "only_other_builds", "queue", queue, "mine", x.Build, "theirs", strings.Join(slices.Sorted(maps.Keys(builds)), ", "))
		return
	}
	if len(builds) > 1 {
		x.say("pollers", Warning, "two_builds", "queue", queue, "builds", strings.Join(slices.Sorted(maps.Keys(builds)), ", "))
		return
	}
	x.say("pollers", OK, "pollers", "queue", queue)
}

// version compares what goes on with open workflows with what this program's workers are: one without a version gets
// nothing where a version is current, and none with one where none is.
func (x *examination) version(queue string, current *deploymentpb.WorkerDeploymentVersion) {
	theirs := current.GetDeploymentName() + " " + current.GetBuildId()
	switch {
	case current == nil && x.Deployment != "":
		x.say("versions", Error, "version_none", "queue", queue, "deployment", x.Deployment)
	case current == nil:
	case current.GetDeploymentName() != x.Deployment:
		x.say("versions", Error, "version_foreign", "queue", queue, "current", theirs, "mine", x.Deployment+" "+x.Build)
	case current.GetBuildId() != x.Build:
		x.say("versions", Warning, "version_other", "queue", queue, "current", theirs, "mine", x.Build)
	default:
		x.say("versions", OK, "versions", "queue", queue, "current", theirs)
	}
}

// Identity is how a worker names itself to Temporal: its build before its process.
func Identity(build, process string) string { return "duradesk/" + build + " " + process }

// BuildOf is the build in a worker's name; "?" where it tells none.
func BuildOf(identity string) string {
	first, _, _ := strings.Cut(identity, " ")
	if build, ours := strings.CutPrefix(first, "duradesk/"); ours {
		return build
	}
	return "?"
}

func (x *examination) partitions(ctx context.Context, queue string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := x.Temporal.WorkflowService().ListTaskQueuePartitions(ctx, &workflowservice.ListTaskQueuePartitionsRequest{
		Namespace: x.Namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
	})
	if err != nil {
		x.say("partitions", Warning, "partitions_unknown", "queue", queue, "why", line(err))
		return
	}
	n := len(p.GetWorkflowTaskQueuePartitions())
	x.judge("partitions", n > 1, Warning, "partitions_many", "queue", queue, "count", count(n))
}
