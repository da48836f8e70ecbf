# %% [markdown]
# # 3 · Fine-tuning
#
# {{COLAB_BADGE}}
#
# About 90 minutes. The cells train several small models; all of them together take three to eight minutes. The first run on a machine trains the course's own classifier as well, a few minutes on top.
#
# A pretrained BERT has read a great deal, and has never been asked whether a film is any good. This lesson asks it, a few thousand times, and corrects it each time. You will write the parts of that yourself, run the loop in the open, and then let the library do the same.
#
# **When you are done, you can**
#
# - say what pre-training left in the weights, and what it did not;
# - rebuild the classification head and the loss, and get the model's own numbers;
# - write a training loop, and say what each of its lines is for;
# - choose a learning rate, see over-fitting, and know what freezing layers costs;
# - do the same with `Trainer`, and hold the result against honest baselines;
# - save a model so that others can use it, and train it on a GPU or on several.
#
# There are six exercises. Each has a check that tells you *what* went wrong, and hints that go up a ladder. No cell needs an exercise solved before it, so skip what you like.

# %%
# {{SETUP}}

# %%
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from course_utils import measured, plots_training, training
from course_utils.assets import checkpoints, reviews
from course_utils.exercises import lesson_3 as ex
from course_utils.widgets import ScheduleExplorer, TrainingMonitor

# %% [markdown]
# The lesson's own cells use these ready-made versions of what you will write. You can read any of them with `??`, but try the exercise first.

# %%
from course_utils.reference.fine_tuning import classification_head as reference_head
from course_utils.reference.fine_tuning import compute_metrics as reference_metrics
from course_utils.reference.fine_tuning import cross_entropy as reference_loss
from course_utils.reference.fine_tuning import decay_groups as reference_groups
from course_utils.reference.fine_tuning import linear_schedule as reference_schedule
from course_utils.reference.fine_tuning import stratified_split as reference_split
from course_utils.reference.metrics import wilson_interval
from course_utils.reference.softmax import softmax

# %% [markdown]
# ## 1 · What pre-training left
#
# Here is the encoder, as it was before anybody trained it on reviews, and the reviews.

# %% tags=["nbval-check-output"]
tokenizer = checkpoints.tokenizer()
encoder = checkpoints.encoder()
data = reviews.load()
print({name: len(part) for name, part in data.items()})
print(data["train"][0])

# %% [markdown]
# The encoder turns a text into one vector for each token. Their mean is a vector for the text.


# %%
def vectors(texts):
    batch = tokenizer(texts, padding=True, return_tensors="pt").to(encoder.device)
    with torch.no_grad():
        hidden = encoder(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    return (hidden * mask).sum(dim=1) / mask.sum(dim=1)


# %% [markdown]
# **Predict first.** Take *a wonderful film*. Which of these is nearest to it, for the encoder: *a dreadful film* or *a wonderful meal*? (1 means the same direction, 0 means nothing in common.)

# %% tags=["nbval-check-output"]
first, *others = ["a wonderful film .", "a dreadful film .", "a wonderful meal ."]
for other in others:
    print(other, round(F.cosine_similarity(vectors([first]), vectors([other])).item(), 2))

# %% [markdown]
# *A dreadful film* is the nearer one. To the encoder, what a text is *about* weighs more than what it *thinks* of it. So the vectors can't be used as they are. Is the verdict in them at all?

# %% tags=["nbval-check-output"]
for other in ("the film is a delight .", "the film is a bore ."):
    print(other, round(F.cosine_similarity(vectors([first]), vectors([other])).item(), 2))

# %% [markdown]
# It is. With the same subject, the kind verdict lies nearer to the kind one. Pre-training left the knowledge there, among much else. Fine-tuning does two things: it puts something on top that reads the verdict out, and it moves the weights below, so that the verdict becomes easier to read.
#
# ## 2 · The head
#
# `BertForSequenceClassification` is the encoder with a **head** on top. What is it made of?

# %% tags=["nbval-check-output"]
model = checkpoints.classifier(seed=0)
print(model.bert.pooler)
print(model.dropout)
print(model.classifier)

# %% [markdown]
# Three parts, and they take only the vector of the first token, `[CLS]`:
#
# 1. the **pooler**: a linear layer, then tanh;
# 2. dropout, which does something only in training;
# 3. the **classifier**: a linear layer with one output for each class.
#
# You may have read that the head is "a linear layer followed by softmax". There is no softmax in it: what comes out are logits. And there is a pooler in front.
#
# ### The warning
#
# Load a classifier from a checkpoint that never was one, and the library says something about it. **Predict first.** Which weights will it name: the encoder's, the pooler's, the classifier's?

# %%
_ = checkpoints.classifier(seed=0, verbose=True)
# %% [markdown]
# The two tensors that are `MISSING` were not in the checkpoint, so they were drawn at random. It is no error. It says: *this model can't be used before it is trained*. Let us see it from the other side. Which weights depend on the seed?

# %% tags=["nbval-check-output"]
rival = checkpoints.classifier(seed=1)
for (name, weight), other in zip(model.named_parameters(), rival.parameters(), strict=True):
    if not torch.equal(weight, other):
        print(name, tuple(weight.shape))
print("the bias:", model.classifier.bias.tolist())

# %% [markdown]
# 768 numbers of 22.7 million; the bias starts at 0. Everything else was there before.
#
# What the warning can't know is whether something that *was* there has ever been trained. Look at the biases of the linear layers, which start at 0 as well. How many of their numbers have moved?

# %% tags=["nbval-check-output"]
for name, bias in model.named_parameters():
    if name.endswith(("layer.0.output.dense.bias", "layer.5.output.dense.bias", "pooler.dense.bias")):
        print(f"{name:40} {torch.count_nonzero(bias).item()} of {bias.numel()} are not 0")

# %% [markdown]
# The pooler's have not: it was never trained. The makers of this checkpoint used the mean of the tokens and had no use for a pooler. So training has more to build here than the warning says. Read the weights, not only the messages.
#
# ### Exercise · classification head (2 points)
#
# Write `classification_head(cls, pool_weight, pool_bias, weight, bias)`, in NumPy and without dropout. `cls` has a row for each text. The weights are stored as PyTorch's `Linear` stores them: [out, in].


# %%
def classification_head(cls, pool_weight, pool_bias, weight, bias):
    """From the vectors of [CLS], shape [b, h], to logits, shape [b, c]."""
    ### BEGIN SOLUTION
    pooled = np.tanh(cls @ pool_weight.T + pool_bias)
    return pooled @ weight.T + bias
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.classification_head.check(classification_head)

# %% [markdown]
# Now with the real weights, on real reviews. Do these two lines of NumPy give the model's own logits?

# %%
few = data["train"]["text"][:4]
batch = tokenizer(few, padding=True, return_tensors="pt").to(model.device)
with torch.no_grad():
    cls = model.bert(**batch).last_hidden_state[:, 0]
    logits = model(**batch).logits
parts = (
    model.bert.pooler.dense.weight,
    model.bert.pooler.dense.bias,
    model.classifier.weight,
    model.classifier.bias,
)
head_inputs = [part.detach().cpu().numpy() for part in (cls, *parts)]

# %% tags=["nbval-check-output"]
by_hand = reference_head(*head_inputs)
print("shape:", by_hand.shape)
print("the model's own logits:", np.allclose(by_hand, logits.cpu().numpy(), atol=1e-5))

# %%
ex.classification_head.beside(classification_head, *head_inputs)

# %% [markdown]
# ## 3 · What is a mistake worth?
#
# To correct a model you need one number that says how wrong it was. Accuracy won't do: nudge a weight a little, and it stays exactly as it was.
#
# The **cross-entropy** looks at the probability that the model gave to the *true* class, and takes $-\log p$.
#
# **Predict first.** What is it for p = 1, for p = 0.5, and for p = 0.001?

# %% tags=["nbval-check-output"]
for p in (1.0, 0.5, 0.1, 0.001):
    print(f"p = {p:<6} loss = {-np.log(p) + 0:.2f}")

# %% [markdown]
# Right and sure costs nothing. Guessing between two classes costs 0.69, the logarithm of 2. To be sure and wrong costs most.
#
# So a new head, which knows nothing, should start near 0.69. Does ours?

# %% tags=["nbval-check-output"]
labels = torch.tensor(data["train"]["label"][:64])
start = training.predict_logits(model, tokenizer, data["train"]["text"][:64])
print("the untrained model's loss:", round(reference_loss(start, labels.numpy()), 2))
print("log 2:                     ", round(np.log(2), 2))

# %% [markdown]
# If your own model starts far above the logarithm of its number of classes, something is wrong before training has begun. It is the cheapest test there is.
#
# Two traps, both found in published code. The first: the model gives logits, and PyTorch's `F.cross_entropy` wants logits. What if you hand it probabilities?

# %% tags=["nbval-check-output"]
sure_and_right = torch.tensor([[-6.0, 6.0]])
truth = torch.tensor([1])
print("from logits:       ", round(F.cross_entropy(sure_and_right, truth).item(), 2))
print("from probabilities:", round(F.cross_entropy(sure_and_right.softmax(dim=-1), truth).item(), 2))

# %% [markdown]
# No error, only a loss that can never get below 0.31. It takes the softmax of a softmax. Such a model does train, slowly and badly.
#
# The second: the logarithm of a probability that has become 0.

# %% tags=["nbval-check-output"]
with np.errstate(all="ignore"):
    print(-np.log(softmax(np.array([0.0, 1000.0]))[0]))

# %% [markdown]
# Infinite, though the loss is simply 1000. Lesson 4 shows how softmax can be kept from overflowing. Here the *logarithm* has to be worked out together with it.
#
# ### Exercise · cross-entropy (2 points)
#
# Write `cross_entropy(logits, labels)`: one number, the mean over the texts. It has to be right for logits of 10,000, too.


# %%
def cross_entropy(logits, labels):
    """The mean of -log(probability of the true class)."""
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -log_probability[np.arange(len(labels)), labels].mean()
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.cross_entropy.check(cross_entropy)

# %% [markdown]
# ## 4 · One step
#
# PyTorch can say, for each of the 22.7 million weights, whether the loss would rise or fall if that weight grew a little. That is the **gradient**, and `loss.backward()` works it out. An **optimizer** then moves each weight a little in the direction in which the loss falls.
#
# **Predict first.** We take 16 reviews and do this eight times, always with the same 16. What becomes of the loss?

# %%
sixteen = data["train"][:16]
batch = tokenizer(sixteen["text"], padding=True, return_tensors="pt").to(model.device)
labels = torch.tensor(sixteen["label"]).to(model.device)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
losses = []
for _ in range(8):
    loss = F.cross_entropy(model(**batch).logits, labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
print([round(loss, 2) for loss in losses])
assert losses[-1] < losses[0]

# %% [markdown]
# It falls. These five lines *are* training. The rest of the lesson is about doing them on many texts, and not too well.
#
# Two of the lines are easily forgotten. **Predict first.** What if `zero_grad()` is left out?

# %% tags=["nbval-check-output"]
weight = model.classifier.weight
F.cross_entropy(model(**batch).logits, labels).backward()
once = weight.grad.clone()
F.cross_entropy(model(**batch).logits, labels).backward()
print("twice the gradient:", torch.allclose(weight.grad, 2 * once, atol=1e-6))
optimizer.zero_grad()

# %% [markdown]
# `backward()` *adds* to the gradient that is there. Without `zero_grad()` each step is taken in the direction of all batches so far.
#
# The other one is not a line of the loop but a mode. In training, **dropout** sets a tenth of the numbers to 0, others each time, so that the model does not lean on any one of them. `model.train()` switches it on, `model.eval()` off.

# %% tags=["nbval-check-output"]
with torch.no_grad():
    for name, mode in (("train", model.train), ("eval", model.eval)):
        mode()
        one, other = (model(**batch).logits for _ in range(2))
        print(f"{name:5}  the same text twice, the same logits: {torch.equal(one, other)}")

# %% [markdown]
# A model that is judged in training mode gives other answers each time. The loader gave us the model in `eval` mode, so a loop has to begin with `model.train()`.
#
# ## 5 · What is held out
#
# A model that has seen a review's label can repeat it. So what judges a model must be kept away from it. Our reviews come with three parts: `train` to learn from, `validation` to choose things with, `test` to judge once, at the end.
#
# Your own data won't come in parts. **Predict first.** Of 200 texts only 10 are of the rare class. You draw 40 of them at random. How many rare ones do you get?

# %% tags=["nbval-check-output"]
rare = np.array([1] * 10 + [0] * 190)
draws = [int(rare[np.random.default_rng(seed).permutation(200)[:40]].sum()) for seed in range(12)]
print(draws)

# %% [markdown]
# Two on average, but each draw is another. A validation split with no rare text at all can't say anything about the rare class. A **stratified** split takes the same share of each class.
#
# ### Exercise · stratified split (2 points)
#
# Write `stratified_split(labels, fraction, seed)`. It gives two arrays of row numbers: those to train on, and those held out. Of each class, `fraction` is held out, to within one text. Which texts they are hangs on `seed`: the same seed gives the same split, another seed another. Use a generator of your own: a function that sets the seed of the whole notebook disturbs everything else that draws.


# %%
def stratified_split(labels, fraction, seed):
    """Row numbers to train on, and row numbers held out, the same share of each class."""
    ### BEGIN SOLUTION
    labels = np.asarray(labels)
    generator = np.random.default_rng(seed)
    train, held_out = [], []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        count = round(fraction * len(rows))
        held_out.extend(rows[:count])
        train.extend(rows[count:])
    return np.array(train), np.array(held_out)
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.stratified_split.check(stratified_split)

# %% tags=["nbval-check-output"]
draws = [int(rare[reference_split(rare, 0.2, seed)[1]].sum()) for seed in range(12)]
print(draws)

# %% [markdown]
# ## 6 · The loop
#
# Now many texts. They are cut into batches of 32; each batch is padded to *its own* longest text (lesson 2 shows what that saves). One pass over all texts is an **epoch**.
#
# Here is a whole epoch. Each line is one of those that you have met.

# %%
from course_utils import device

BATCH = 32


def one_epoch(model, optimizer, schedule, examples, labels, title):
    """Show the model each example once, in a new order; return the loss of each batch."""
    model.train()
    losses = []
    order = torch.randperm(len(examples)).tolist()
    for start in tqdm(range(0, len(order), BATCH), desc=title):
        rows = order[start : start + BATCH]
        batch = training.pad([examples[row] for row in rows], tokenizer.pad_token_id)
        with device.autocast(model.device):
            logits = model(**device.to_device(batch, model)).logits
        loss = F.cross_entropy(logits.float(), labels[rows].to(model.device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    model.eval()
    return losses


# %% [markdown]
# Four things are new.
#
# - `training.pad` makes a batch: `input_ids` and `attention_mask`. `device.to_device` puts it where the model is.
# - `device.autocast` multiplies in bfloat16 where the hardware can, which is faster. Elsewhere it does nothing.
# - `clip_grad_norm_` shortens a gradient that is longer than 1, so that one odd batch can't throw the model off.
# - `schedule` changes the learning rate from step to step. The next section says how.
#
# We take 1,280 of the 6,828 training reviews, so that you need not wait long, and go over them twice. **Predict first.** Guessing is right half of the time. How often will this be right?

# %%
part = data["train"].select(range(1280))
examples = training.encode(tokenizer, part["text"], max_length=64)
labels = torch.tensor(part["label"])
steps = 2 * len(range(0, len(examples), BATCH))

torch.manual_seed(0)
model = checkpoints.classifier(seed=0)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4, weight_decay=0.01)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda step: reference_schedule(step, steps // 10, steps)
)

# %%
started = time.perf_counter()
losses = one_epoch(model, optimizer, schedule, examples, labels, "first epoch")
losses += one_epoch(model, optimizer, schedule, examples, labels, "second epoch")
seconds_of_loop = time.perf_counter() - started
plots_training.losses({"each step": losses, "mean of ten steps": plots_training.running_mean(losses, 10)})

# %% [markdown]
# Each batch is of other reviews, so the loss jumps about. Its running mean falls. On reviews that the model has not seen:


# %%
def judged(logits, name="validation"):
    """Accuracy and macro F1 on a split."""
    return reference_metrics((logits, np.array(data[name]["label"])))


validation_texts = list(data["validation"]["text"])
of_the_loop = judged(training.predict_logits(model, tokenizer, validation_texts, progress=True))
print({name: round(value, 3) for name, value in of_the_loop.items()})
assert of_the_loop["accuracy"] > 0.68, "80 steps should be enough for much better than guessing"

# %% [markdown]
# ### Watch it, and stop it
#
# `training.train` is this loop with its settings in a `Recipe`. The sections that follow use it. It may be given a monitor, which shows the loss, the accuracy and the learning rate while it trains, and has a button that ends it.
#
# **Predict first.** Somebody presses the button half-way. What is left: the model as it was before, half a model that can't be used, or one that is worth something?
#
# Let it run to its end this time. The bold lines are running means; the faint ones jump about as yours did.

# %% tags=["demo"]
watched = checkpoints.classifier(seed=0)
recipe = training.Recipe(learning_rate=2e-4, branches=1)
run = training.train(watched, tokenizer, part.select(range(960)), recipe, monitor=TrainingMonitor())

# %% tags=["demo"]
of_the_watched = judged(training.predict_logits(watched, tokenizer, validation_texts))
print(f"after {len(run.losses)} steps: accuracy {of_the_watched['accuracy']:.3f} on validation")
assert run.stopped or of_the_watched["accuracy"] > 0.6, "60 steps should be enough for better than guessing"

# %% [markdown]
# **Things to try.** Run the two cells again, and press *Stop the training here* as soon as the bold loss has left the line of guessing. What is the model worth now? Then stop it after three or four steps: and now?
#
# <details><summary>Answer</summary>
#
# Each step leaves a whole model, so the one you stopped gives logits and can be judged, saved, and trained on. What it is worth depends on how far it had come: after a few steps it still guesses, later it lies somewhere between guessing and the accuracy of the full run. Two things it missed besides the reviews it did not see. The learning rate had not come down yet; the next section says what that is for. And the loss that you watched is that of reviews it was learning from, so it can't tell you when to stop: section 9 shows why.
# </details>
#
# ## 7 · How fast to learn
#
# The **learning rate** says how far each step goes. Too small, and nothing happens before you run out of patience. **Predict first.** What happens if it is too large?
#
# Four models, the same 960 reviews, thirty steps each:

# %%
short = part.select(range(960))
curves = {}
for rate in (1e-5, 1e-4, 2e-4, 3e-3):
    learner = checkpoints.classifier(seed=0)
    recipe = training.Recipe(
        epochs=1, learning_rate=rate, layer_decay=1.0, frozen_layers=None, branches=1, identity_pooler=False
    )
    curves[f"{rate:g}"] = training.train(learner, tokenizer, short, recipe).losses
plots_training.losses(curves, smooth=5)

# %% [markdown]
# At 1e-5 it has hardly begun. At 3e-3 the steps wreck what pre-training left, and the loss stays where guessing is, or above. Between the two lies a range in which the model learns.
#
# Thirty steps are too few to choose by. The figures below come from longer runs, three for each rate with another seed each, made by `benchmarks/variants.py`: 1,280 reviews, two epochs, judged on the validation split.

# %% tags=["nbval-check-output"]
stored = measured.load("learning_rates")["runs"]
plots_training.spread(
    list(stored),
    {rate: [run["accuracy"] for run in runs] for rate, runs in stored.items()},
    "learning rate",
    "accuracy on validation",
)

# %% [markdown]
# A rate of 2e-4 is best. Look at 5e-4, though: two of its runs learned, and one hardly did. The three differ only in the seed, so in the head's first weights and the order of the reviews. Somebody with one run each might have chosen 5e-4, or ruled it out, by luck.
#
# Even where all goes well, runs of one rate differ by a point or two. And with 700 reviews to judge by, an accuracy of 0.8 is only known to within about three points:

# %% tags=["nbval-check-output"]
low, high = wilson_interval(560, 700)
print(f"560 of 700 right: 0.800, and the truth lies between {low:.3f} and {high:.3f} (95 %)")

# %% [markdown]
# ### Warm up, then slow down
#
# At the first step the head is random, so its gradients are mostly noise, and they reach down into weights that were good. So the rate **warms up**: it climbs from 0 to its peak in a straight line, over the first tenth of the steps or so. Then it falls to 0 at the end, so that the last steps settle instead of jumping about.
#
# **Predict first.** A training of 80 steps warms up for a tenth of them. With what share of the peak is step 4 taken, and with what share the last one, step 79? Move *look at step* and see.

# %% tags=["demo"]
ScheduleExplorer(peak=2e-4, warmup=0.1, steps=80)

# %% [markdown]
# Half of the peak, for step 4 is half-way up; and little more than a hundredth. The last step is not the one at 0: that would be step 80, which is not taken.
#
# **Things to try.** Make the same training ten times as long. How many steps does the warm-up take now, and does the peak change? Then move the warm-up to 0: with what share of the peak does a random head now take its first step?
#
# ### Exercise · linear schedule (2 points)
#
# Write `linear_schedule(step, warmup_steps, total_steps)`. It gives the *multiplier* of the learning rate at a step, between 0 and 1. The first step is number 0. From the last step on it is 0. `warmup_steps` may be 0.


# %%
def linear_schedule(step, warmup_steps, total_steps):
    """What the learning rate is multiplied by at this step."""
    ### BEGIN SOLUTION
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.linear_schedule.check(linear_schedule)

# %% tags=["nbval-check-output"]
for step in (0, 4, 8, 44, 79, 80):
    print(f"step {step:2}: {reference_schedule(step, 8, 80):.2f}")

# %% [markdown]
# ## 8 · What may shrink
#
# **Weight decay** pulls each weight a little towards 0 at every step. A weight that the data do not need fades away. That holds back over-fitting, the subject of the next section.
#
# Not every weight should be pulled. A LayerNorm (lesson 1) multiplies each number by a weight of its own. **Predict first.** What would a LayerNorm weight of 0 do? And where do these weights stand now?

# %% tags=["nbval-check-output"]
norms = [
    weight.mean().item() for name, weight in encoder.named_parameters() if name.endswith("LayerNorm.weight")
]
print(f"{len(norms)} LayerNorms, their mean weights from {min(norms):.2f} to {max(norms):.2f}")

# %% [markdown]
# A weight of 0 would switch that number off in every text. And a bias does no harm by being large: it only shifts. So biases and LayerNorm weights are exempt, and the matrices decay.
#
# ### Exercise · decay groups (1 point)
#
# Write `decay_groups(parameter_names)`. From names such as `bert.encoder.layer.0.output.dense.weight` it makes a dict with two lists, `decay` and `no_decay`, each in the order in which the names came. Exempt are all biases and all that belongs to a `LayerNorm`.


# %%
def decay_groups(parameter_names):
    """The names of what decays, and of what does not."""
    ### BEGIN SOLUTION
    groups = {"decay": [], "no_decay": []}
    for name in parameter_names:
        exempt = name.endswith("bias") or "LayerNorm" in name
        groups["no_decay" if exempt else "decay"].append(name)
    return groups
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.decay_groups.check(decay_groups)

# %% tags=["nbval-check-output"]
sizes = {name: weight.numel() for name, weight in model.named_parameters()}
for group, names in reference_groups(sizes).items():
    print(f"{group:8} {len(names):3} tensors, {sum(sizes[name] for name in names):,} weights")

# %% [markdown]
# Few weights are exempt. It costs nothing to spare them.
#
# ## 9 · Too much of it
#
# Is more training always better? Here are 128 reviews, and twelve epochs. After every second one we judge the model twice: on those 128, and on 350 that it has not seen. **Predict first.** What will the two lines do?

# %%
small = data["train"].select(range(128))
small_examples = training.encode(tokenizer, small["text"], max_length=64)
small_labels = torch.tensor(small["label"])
unseen = data["validation"].select(range(350))

torch.manual_seed(0)
eager = checkpoints.classifier(seed=0)
optimizer = torch.optim.AdamW(eager.parameters(), lr=2e-4, weight_decay=0.01)
constant = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)

# %%
passes, history = range(2, 13, 2), {"128 seen": [], "350 unseen": []}
loss_of = {"128 seen": [], "350 unseen": []}
for epoch in passes:
    for _ in range(2):
        one_epoch(eager, optimizer, constant, small_examples, small_labels, f"up to epoch {epoch}")
    for name, rows in (("128 seen", small), ("350 unseen", unseen)):
        logits, truth = training.predict_logits(eager, tokenizer, rows["text"]), np.array(rows["label"])
        history[name].append((logits.argmax(axis=-1) == truth).mean())
        loss_of[name].append(reference_loss(logits, truth))

# %%
from course_utils import plots_attention

plots_attention.lines(passes, history, "epoch", "accuracy")

# %% [markdown]
# On the 128 it becomes perfect. On reviews that it has not seen it stops getting better early. And the loss?

# %%
plots_attention.lines(passes, loss_of, "epoch", "loss")
assert loss_of["128 seen"][-1] < 0.1 < loss_of["350 unseen"][-1]
assert loss_of["350 unseen"][-1] > min(loss_of["350 unseen"]), "it passes through a lowest point"

# %% [markdown]
# The loss on the unseen reviews falls, then *rises* to several times what guessing costs. Accuracy shows little of that: it goes up and down by a few points. The model gives hardly more wrong answers than before. It is far more sure of them. This is **over-fitting**, and the training loss alone never shows it: that one only looks better and better.
#
# Three things hold it back: more data, fewer epochs, and less to move. Lesson 4 measures what is left of it, and repairs it.
#
# ## 10 · Train less of it
#
# Must all 22.7 million weights move? A layer that stays as it is, is **frozen**. **Predict first.** Nearly 12 million of the weights are the table of word embeddings. If you freeze it, does that halve the time of a step?

# %% tags=["nbval-check-output"]
for frozen in (None, 0, 2, 4, 6):
    recipe = training.Recipe(frozen_layers=frozen)
    groups = training.parameter_groups(model, recipe)
    count = sum(weight.numel() for group in groups for weight in group["params"])
    name = "nothing frozen" if frozen is None else f"embeddings and {frozen} layers frozen"
    print(f"{name:30} {count:>10,} weights to train")

# %% [markdown]
# What it costs and what it saves takes longer to find out. These are the figures of `benchmarks/variants.py`, made as those of the learning rate were:

# %% tags=["nbval-check-output"]
stored = measured.load("frozen_layers")["runs"]
plots_training.spread(
    list(stored),
    {name: [run["accuracy"] for run in runs] for name, runs in stored.items()},
    "frozen",
    "accuracy on validation",
)
whole = np.mean([run["seconds"] for run in stored["none"]])
for name, runs in stored.items():
    print(f"{name:13} {np.mean([run['seconds'] for run in runs]) / whole:4.0%} of the time")

# %% [markdown]
# The embeddings are half of the weights, and freezing them saves a fifth of the time: what is saved is the optimizer's work, which goes over every weight at each step. It costs nothing that can be told from luck. Layers are another matter. Each one frozen saves time, since gradients need not go down that far, and each takes accuracy with it. With everything frozen but the head, little is learned: the head sees `[CLS]` alone, and nobody has taught `[CLS]` to hold a verdict.
#
# ## 11 · The same with `Trainer`
#
# The library's `Trainer` is this loop, with more knobs. Much published code for it no longer runs, as two names have changed:

# %% tags=["nbval-check-output"]
from transformers import Trainer, TrainingArguments

for outdated in (
    lambda: TrainingArguments(evaluation_strategy="epoch"),
    lambda: Trainer(model=model, tokenizer=tokenizer),
):
    try:
        outdated()
    except TypeError as error:
        print(error)

# %% [markdown]
# Today they are `eval_strategy` and `processing_class`.
#
# `Trainer` knows the loss. Accuracy you have to give it, as a function. It calls it with the logits and the labels of the whole validation split.
#
# ### Exercise · compute metrics (1 point)
#
# Write `compute_metrics(eval_pred)`. `eval_pred` unpacks to `logits, labels`. (If a model gives out more than logits, its predictions are a tuple, and the logits are the first part.) Return a dict with `accuracy` and `macro_f1`, the mean of the F1 of all classes.


# %%
def compute_metrics(eval_pred):
    """What `Trainer` should report: accuracy and macro F1."""
    ### BEGIN SOLUTION
    logits, labels = eval_pred
    if isinstance(logits, tuple):
        logits = logits[0]
    predictions = np.argmax(logits, axis=-1)
    f1 = []
    for label in range(np.shape(logits)[-1]):
        hits = np.sum((predictions == label) & (labels == label))
        called_or_true = np.sum(predictions == label) + np.sum(labels == label)
        f1.append(2 * hits / max(called_or_true, 1))
    return {"accuracy": float(np.mean(predictions == labels)), "macro_f1": float(np.mean(f1))}
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.compute_metrics.check(compute_metrics)

# %% [markdown]
# Now the settings of our own loop, in the words of `TrainingArguments`, on the same 1,280 reviews. `Trainer` pads each batch by itself, since it has the tokenizer. (`device.for_trainer()` tells it to compute where the loop did, and in bfloat16 if the loop did.)

# %%
folder = tempfile.mkdtemp()
arguments = TrainingArguments(
    output_dir=folder,
    num_train_epochs=2,
    per_device_train_batch_size=BATCH,
    learning_rate=2e-4,
    warmup_steps=steps // 10,
    weight_decay=0.01,
    eval_strategy="epoch",
    logging_strategy="epoch",
    save_strategy="no",
    report_to="none",
    **device.for_trainer(),
)


# %%
def tokenized(dataset):
    """Ids and labels, not yet padded."""
    ids = tokenizer(list(dataset["text"]), truncation=True, max_length=64)
    return [
        {"input_ids": row, "labels": label}
        for row, label in zip(ids["input_ids"], dataset["label"], strict=True)
    ]


trainer = Trainer(
    model=checkpoints.classifier(seed=0),
    args=arguments,
    train_dataset=tokenized(part),
    eval_dataset=tokenized(data["validation"]),
    processing_class=tokenizer,
    compute_metrics=reference_metrics,
)
started = time.perf_counter()
trainer.train()
seconds_of_trainer = time.perf_counter() - started

# %%
of_the_trainer = trainer.evaluate()
print(f"our loop: accuracy {of_the_loop['accuracy']:.3f} in {seconds_of_loop:.0f} s")
print(
    f"Trainer:  accuracy {of_the_trainer['eval_accuracy']:.3f} in {seconds_of_trainer:.0f} s, with two evaluations"
)
assert abs(of_the_trainer["eval_accuracy"] - of_the_loop["accuracy"]) < 0.06

# %% [markdown]
# The same, within the luck of a seed. Everything that `Trainer` did, you have seen. What it adds is what long runs need: checkpoints to go on from, logs, several devices.
#
# ## 12 · Is it worth it?
#
# A number alone says little. Is 0.8 good? It depends on what less work would have reached. So before you praise a model, give it rivals:
#
# - one that always says the commonest class;
# - one that counts words and pairs of words (TF-IDF) and has never heard of a transformer;
# - a **linear probe**: the encoder as it came, frozen, with a linear model on its mean vectors.
#
# All learn from the whole train split. **Predict first.** How far is the best of the three from the fine-tuned BERT?

# %%
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

train_texts, train_labels = list(data["train"]["text"]), np.array(data["train"]["label"])
test_texts, test_labels = list(data["test"]["text"]), np.array(data["test"]["label"])
table = {}


def enter(name, logits, seconds):
    """A row of the table: judged on the test split."""
    table[name] = reference_metrics((logits, test_labels)) | {"seconds": seconds}


# %%
commonest = np.eye(2)[np.full(len(test_labels), np.bincount(train_labels).argmax())]
enter("commonest class", commonest, 0.0)

started = time.perf_counter()
words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10))
words.fit(train_texts, train_labels)
enter("words and pairs", words.predict_proba(test_texts), time.perf_counter() - started)


# %%
def many_vectors(texts, title):
    """A vector for each text, in batches of texts of like length."""
    order = np.argsort([len(text) for text in texts])
    found = np.zeros((len(texts), encoder.config.hidden_size), dtype=np.float32)
    for start in tqdm(range(0, len(order), 64), desc=title):
        rows = order[start : start + 64]
        found[rows] = vectors([texts[row] for row in rows]).cpu().numpy()
    return found


started = time.perf_counter()
probe = LogisticRegression(max_iter=1000).fit(many_vectors(train_texts, "train"), train_labels)
probabilities = probe.predict_proba(many_vectors(test_texts, "test"))
enter("linear probe", probabilities, time.perf_counter() - started)

# %% [markdown]
# And the fine-tuned model. It is the course's own: trained with the loop of this lesson, on all 6,828 reviews. If this machine has not trained it yet, the next cell does.

# %%
best = checkpoints.fine_tuned()
logits = training.predict_logits(best, tokenizer, test_texts, progress=True)
enter("fine-tuned BERT", logits, checkpoints.training_history().seconds)
print(f"{'':16} accuracy  macro F1  seconds")
for name, row in table.items():
    print(f"{name:16} {row['accuracy']:8.3f}  {row['macro_f1']:8.3f}  {row['seconds']:7.0f}")

# %%
assert table["commonest class"]["accuracy"] == 0.5
assert table["words and pairs"]["accuracy"] > 0.7
assert table["fine-tuned BERT"]["accuracy"] > max(
    table["words and pairs"]["accuracy"], table["linear probe"]["accuracy"]
)

# %% [markdown]
# *Commonest class* shows why macro F1 stands beside accuracy: half of the answers are right, and one class is never found.
#
# Counting words takes a second or two and is better than most people expect. It is the rival to beat, and it should be in every report. Fine-tuning is some points above it, for some minutes of computing. Whether those points are worth the minutes is for you to say; without the table nobody could.
#
# ## 13 · Keep it
#
# `save_pretrained` writes weights and configuration into a folder. **Predict first.** Which of the files says that class 1 is called *positive*?

# %%
keep = Path(tempfile.mkdtemp()) / "reviews-bert"
best.save_pretrained(keep)
tokenizer.save_pretrained(keep)
for path in sorted(keep.iterdir()):
    print(f"{path.name:22} {path.stat().st_size / 1e6:6.2f} MB")

# %% tags=["nbval-check-output"]
import json

config = json.loads((keep / "config.json").read_text())
print(config["architectures"], config["id2label"], config["label2id"])

# %% [markdown]
# `config.json` does. (JSON has only text for keys; the library makes numbers of them again.) The names were given when the model was made: `from_pretrained(…, id2label=…, label2id=…)`. Without them everybody who loads it gets LABEL_0 and LABEL_1, and has to guess.
#
# The tokenizer belongs into the same folder: another tokenizer would give other ids, and the model would read nonsense. Loaded again, is it the same model?

# %%
from transformers import AutoModelForSequenceClassification, AutoTokenizer

again = AutoModelForSequenceClassification.from_pretrained(keep).to(best.device)
same_tokenizer = AutoTokenizer.from_pretrained(keep)

# %% tags=["nbval-check-output"]
one, other = (
    training.predict_logits(m, t, test_texts[:8]) for m, t in ((best, tokenizer), (again, same_tokenizer))
)
print(type(again).__name__, again.config.id2label)
print("the same logits:", np.allclose(one, other, atol=1e-5))

# %% [markdown]
# ## 14 · On a GPU, and on several
#
# No cell of this lesson says where it runs. The first one said what it found. With a GPU, the same cells use it: the model is put there when it is loaded, `device.to_device` sends each batch after it, and `device.autocast` multiplies in bfloat16, half as wide as usual. Does your machine?

# %%
with device.autocast(model.device):
    product = torch.ones(2, 2).to(model.device) @ torch.ones(2, 2).to(model.device)
print("matrices are multiplied in", str(product.dtype).removeprefix("torch."))

# %% [markdown]
# With a GPU and a network, set `COURSE_HUB=1` before you start Jupyter. Then `checkpoints.classifier()` and `reviews.load()` give `google-bert/bert-base-uncased`, five times as large, and the reviews of the Hugging Face Hub. The cells stay as they are.
#
# **Several GPUs** share the work like this: each has a copy of the model, takes its part of every batch, and works out a gradient. Then they take the mean of their gradients, and all make the same step. **Predict first.** Two halves of a batch, worked on apart: is the mean of their gradients the gradient of the whole?


# %%
def gradient(rows):
    """The classifier's gradient for the mean loss of some rows."""
    batch = training.pad([examples[row] for row in rows], tokenizer.pad_token_id)
    loss = F.cross_entropy(model(**device.to_device(batch, model)).logits, labels[rows].to(model.device))
    model.zero_grad()
    loss.backward()
    return model.classifier.weight.grad.clone()


rows = list(range(32))

# %% tags=["nbval-check-output"]
whole = gradient(rows)
halves = (gradient(rows[::2]) + gradient(rows[1::2])) / 2
print("the same gradient:", torch.allclose(whole, halves, atol=1e-5))

# %% [markdown]
# It is. So the steps are those of one device, only faster. `course_utils.training` can be run from the command line, and it does so under `accelerate`:
#
# ```
# python -m course_utils.training my-model
# accelerate launch --num_processes 2 -m course_utils.training my-model
# ```
#
# The first line trains with one process, the second with one for each of two GPUs. For several machines, `accelerate config` asks for their addresses first. Without a GPU, `accelerate` starts a second process only if you add `--multi_gpu` after `launch`, whatever that says; it works on processors, too. The script prints how many processes there are: look at it, since one process looks just like two that work.
#
# **Predict first.** A script that was written for one GPU has a batch size of 32 *for each process*, as `Trainer` has. You start it on four. What is the batch size now, and what should become of the number of steps?
#
# <details><summary>Answer</summary>
#
# 128, in a quarter of the steps, and so another training: the learning rate that was right for 32 may be too small. `course_utils.training` divides the 32 among its processes instead, so a recipe means the same wherever it runs.
# </details>
#
# ## Recap
#
# - Pre-training leaves knowledge, not answers. A new **head** is random, and the library's warning says so.
# - The head is the pooler (dense and tanh over `[CLS]`), dropout, and a linear layer. What comes out are logits.
# - The **cross-entropy** is $-\log$ of the probability of the truth. A new head starts at the logarithm of the number of classes.
# - A step: forward, loss, `backward`, clip, `step`, schedule, `zero_grad`. `train()` before, `eval()` after.
# - The **learning rate** comes first of all settings. Warm up, then slow down. Repeat with other seeds before you believe a difference.
# - Biases and LayerNorms don't decay. Frozen layers save time and cost accuracy.
# - **Over-fitting** shows on reviews that were held out, and in the loss before it shows in accuracy.
# - `Trainer` is the same loop. Its names today: `eval_strategy`, `processing_class`, `compute_metrics`.
# - Put **baselines** into the table, and keep `id2label` with the model.
#
# ## Quiz
#
# Pick a choice, then open it: it says whether it is right, and why. By keyboard: Tab to a choice, Enter to open it. To have your answers kept with your progress, type them instead: `ex.quiz.answer(1, "b")`.

# %%
ex.quiz

# %% [markdown]
# ## Further reading
#
# - J. Devlin and others, [BERT](https://arxiv.org/abs/1810.04805), 2019: pre-training and fine-tuning, section 4 and appendix A.
# - J. Howard and S. Ruder, [Universal Language Model Fine-tuning](https://arxiv.org/abs/1801.06146), 2018: other learning rates for other layers.
# - I. Loshchilov and F. Hutter, [Decoupled Weight Decay Regularization](https://arxiv.org/abs/1711.05101), 2019: the W of AdamW.
# - M. Mosbach and others, [On the Stability of Fine-tuning BERT](https://arxiv.org/abs/2006.04884), 2021: why seeds differ so much, and what helps.
# - The Transformers library on [fine-tuning](https://huggingface.co/docs/transformers/training), and the Accelerate library on [launching scripts](https://huggingface.co/docs/accelerate/basic_tutorials/launch).
