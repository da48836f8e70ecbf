# %% [markdown]
# # 4 · From logits to labels
#
# {{COLAB_BADGE}}
#
# About 90 minutes. The first run on a machine trains the model, a few minutes on top.
#
# A classifier gives numbers. People want answers: which label, how sure, how often right. This lesson goes from one to the other, on a real BERT and real film reviews.
#
# **When you are done, you can**
#
# - say what a logit is, and what it is not;
# - turn logits into probabilities that don't overflow, and into the model's own labels;
# - let a model abstain, and say what that costs;
# - judge it by a confusion matrix, precision, recall and F1, and know when accuracy misleads;
# - measure whether its probabilities mean what they say, and repair them with one number.
#
# There are nine exercises. Each has a check that tells you *what* went wrong, and hints that go up a ladder. No cell needs an exercise solved before it, so skip what you like.

# %%
# {{SETUP}}

# %%
import numpy as np
import torch

from course_utils import plots, training
from course_utils.assets import checkpoints, reviews
from course_utils.exercises import lesson_4 as ex
from course_utils.widgets import CalibrationExplorer, SoftmaxExplorer, ThresholdExplorer

# %% [markdown]
# The lesson's own cells use these ready-made versions of what you will write. You can read any of them with `??`, but try the exercise first.

# %%
from course_utils.reference.calibration import expected_calibration_error as reference_ece
from course_utils.reference.calibration import fit_temperature as reference_temperature
from course_utils.reference.decode import decode as reference_decode
from course_utils.reference.decode import decode_multilabel as reference_multilabel
from course_utils.reference.decode import decode_or_abstain as reference_abstain
from course_utils.reference.metrics import accuracy, micro_f1, wilson_interval
from course_utils.reference.metrics import confusion_matrix as reference_matrix
from course_utils.reference.metrics import macro_f1 as reference_macro_f1
from course_utils.reference.metrics import precision_recall_f1 as reference_figures
from course_utils.reference.softmax import sigmoid as reference_sigmoid
from course_utils.reference.softmax import softmax as reference_softmax

# %% [markdown]
# ## 1 · Two numbers
#
# First the model: a BERT with six layers, fine-tuned on 6,828 sentences from film reviews. If this machine has not trained it yet, the next cell does so, with a bar that shows the time left. Then it is kept, and the cell takes a second.

# %% tags=["nbval-check-output"]
tokenizer = checkpoints.tokenizer()
model = checkpoints.fine_tuned()
data = reviews.load()
for split, part in data.items():
    print(f"{split:10} {len(part):5} reviews, {np.mean(part['label']):.2f} of them positive")

# %% [markdown]
# The splits are fixed. The model has seen `train`. We use `validation` to choose things and `test` to judge them.
#
# Here is one sentence that it has never seen. What comes out?

# %%
text = "a gripping , funny and deeply humane film ."
inputs = tokenizer(text, return_tensors="pt").to(model.device)
with torch.no_grad():
    outputs = model(**inputs)
outputs.logits

# %% [markdown]
# Two numbers, one for each class. They are called **logits**: the raw scores of the last linear layer.
#
# **Predict first.** Which of these could be said of a logit: it lies between 0 and 1; it is never below 0; the two sum to 1? Look at the cell above before you go on.

# %% [markdown]
# None of them. A logit can be any number. People call it "the model's confidence", and that is where the trouble starts: is 3.5 sure? Is −1.2 unsure?
#
# From here on, let us use numbers that are easy to follow. A model reads three reviews and gives:

# %% tags=["nbval-check-output"]
logits = np.array([[-1.2, 3.5], [2.1, -0.3], [0.4, 0.6]])
print("shape:", logits.shape, "  three texts, two classes")

# %% [markdown]
# | | negative | positive |
# |---|---:|---:|
# | first review | −1.2 | 3.5 |
# | second | 2.1 | −0.3 |
# | third | 0.4 | 0.6 |
#
# ## 2 · From scores to probabilities
#
# **Predict first.** If both numbers of the first review rise by 10, is the model more sure, less sure, or as sure as before? Write your guess down, then run the cell.

# %% tags=["nbval-check-output"]
first = logits[0]
print("as they are:   ", reference_softmax(first).round(3))
print("both 10 higher:", reference_softmax(first + 10).round(3))

# %% [markdown]
# As sure as before. A logit means nothing alone: only the *differences* between the logits of one text count. Here the difference is 4.7. So the model holds *positive* to be $e^{4.7} \approx 110$ times as likely as *negative*:

# %% tags=["nbval-check-output"]
negative, positive = reference_softmax(first)
print("ratio of the probabilities:", round(positive / negative, 1))
print("e to the power of 4.7:     ", round(np.exp(4.7), 1))

# %% [markdown]
# That is the whole of **softmax**: raise $e$ to each logit of a text, then divide by their sum, so that they share out 1.
#
# $$ p_i = \frac{e^{z_i}}{\sum_j e^{z_j}} $$
#
# By hand, in three steps:

# %% tags=["nbval-check-output"]
powers = np.exp(first)
print("e to each logit:", powers.round(2))
print("their sum:      ", powers.sum().round(2))
print("the shares:     ", (powers / powers.sum()).round(3))

# %% [markdown]
# Worked examples go wrong easily. One tutorial prints `[0.09, 0.6652, 0.2449]` as the softmax of `[1.0, 3.0, 0.5]`. Without computing: can that be right? The third logit is the smallest.

# %% tags=["nbval-check-output"]
print(reference_softmax(np.array([1.0, 3.0, 0.5])).round(4))

# %% [markdown]
# It can't: softmax keeps the order. A smaller logit never gets a larger share.
#
# Now two things that go wrong in code. Here is the formula, typed as it stands:


# %%
def softmax_as_written(logits):
    powers = np.exp(logits)
    return powers / powers.sum(axis=-1, keepdims=True)


# %% [markdown]
# **Predict first.** What does it give for the logits 1000 and 0?

# %% tags=["nbval-check-output"]
with np.errstate(all="ignore"):
    print(softmax_as_written(np.array([1000.0, 0.0])))

# %% [markdown]
# `nan`, "not a number". $e^{1000}$ is larger than any float, so it becomes `inf`, and `inf / inf` is undefined. The logits that you have seen so far are far smaller. Another model's need not be, and one `nan` spreads to everything it is added to.
#
# You have just seen that adding the same number to all logits of a text changes nothing. So you are free to *choose* that number. **Which number keeps every exponent at 0 or below?**
#
# The second trap is the batch. This version has the right idea about large logits:


# %%
def softmax_for_one_text_only(logits):
    powers = np.exp(logits - np.max(logits))
    return powers / np.sum(powers)


# %% tags=["nbval-check-output"]
batch = np.array([[-1.2, 3.5], [2.1, -0.3], [900.0, 901.0]])
shares = softmax_for_one_text_only(batch)
print(shares.round(3))
print("rows sum to", shares.sum(axis=1).round(3), "and all of it to", shares.sum().round(3))

# %% [markdown]
# It shares out one 1 among *all three texts*, and the third takes everything. The classes of one text lie along the last axis, `axis=-1`. Both the largest logit and the sum have to be taken along that axis, once for each text.
#
# ### Exercise · softmax (2 points)
#
# Write `softmax(logits, axis=-1)`, for one text or for a batch of them, with the classes along `axis`. It must give no `nan`, however large the logits are.
#
# Check it as often as you like. `ex.softmax.hint()` gives a nudge, and a bigger one each time.


# %%
def softmax(logits, axis=-1):
    """Probabilities along `axis`, from logits of any size."""
    ### BEGIN SOLUTION
    shifted = logits - np.max(logits, axis=axis, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=axis, keepdims=True)
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.softmax.check(softmax)

# %% [markdown]
# Yours beside the reference, on the batch that broke the version above:

# %%
ex.softmax.beside(softmax, batch)

# %% [markdown]
# <details><summary>What a check says to the two versions above</summary>
#
# To the formula as written: *"Your answer holds `nan` where a finite number was expected. It looks as if a large logit is exponentiated as it is …"*
#
# To the one for one text only: *"Your rows don't sum to 1: the whole array does …"*
#
# Hand them over and see: `ex.softmax.check(softmax_as_written)`.
# </details>
#
# ### Temperature
#
# One more thing can be done to logits before softmax: divide them all by a number $T$, the **temperature**.
#
# **Predict first.** Does $T = 10$ make the model more sure or less? Can it change which class wins?

# %% tags=["nbval-check-output"]
plots.temperatures([2.0, 1.0, -1.0], ["A", "B", "C"])

# %% [markdown]
# Dividing by a large $T$ brings the logits closer together, so the shares become more even. A small $T$ drives them apart. The order stays, so the winner stays. Keep this in mind: at the end of the lesson one well-chosen $T$ repairs a model that is too sure of itself.
#
# Now move all of it yourself: the logits, the temperature, and a number that is added to every logit.
#
# **Predict first.** To softmax it makes no difference what is added. What happens to the formula as written when 1,000 is added? And when 1,000 is taken away?

# %% tags=["demo"]
SoftmaxExplorer([2.0, 1.0, -1.0])

# %% tags=["nbval-check-output"]
three = np.array([2.0, 1.0, -1.0])
for added in (0, 1000, -1000):
    with np.errstate(all="ignore"):
        as_written = softmax_as_written(three + added).round(2)
    print(f"{added:5} added: as written {as_written}, softmax {reference_softmax(three + added).round(2)}")

# %% [markdown]
# It breaks both ways. Upwards `inf / inf`; downwards every power is too small for a float and becomes 0, and `0 / 0` is `nan` too.
#
# **Things to try.** Start with $T = 1$ and nothing added. Bring the share of *A* down to that of *B* by its logit alone: where does it have to be? Can you do it by $T$?

# %% tags=["nbval-check-output"]
print("A at 1.0: ", reference_softmax(np.array([1.0, 1.0, -1.0])).round(2))
print("T = 10:   ", reference_softmax(three / 10).round(2))
print("T = 1,000:", reference_softmax(three / 1000).round(4))

# %% [markdown]
# Equal shares need equal logits. No $T$ makes them equal, however close they come.
#
# ## 3 · One of them, or any of them?
#
# Softmax shares out *one* 1. That fits a question with exactly one right answer: negative *or* positive.
#
# Other questions have several: what does a review talk about? Acting, story, music; perhaps all three, perhaps none. Then each class is a yes-or-no question by itself, and each logit goes through the **sigmoid** alone:
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}} $$
#
# **Predict first.** Three logits, all 4. What does softmax give each class, and what does the sigmoid?

# %% tags=["nbval-check-output"]
fours = np.array([4.0, 4.0, 4.0])
print("softmax:", reference_softmax(fours).round(2))
print("sigmoid:", reference_sigmoid(fours).round(2))

# %% [markdown]
# Softmax says "one of three, no idea which". The sigmoid says "yes, yes and yes". The same logits, two questions.
#
# **Things to try.** Back to the explorer in section 2. Drag the *end of a bar*: first one of softmax's, then one of the sigmoid's. Which other bars move? What does the last line, "in all", say?

# %% tags=["nbval-check-output"]
one_lower = np.array([4.0, 4.0, 0.0])
for name, function in (("softmax", reference_softmax), ("sigmoid", reference_sigmoid)):
    shares = function(one_lower)
    print(f"{name}: {shares.round(2)}, in all {shares.sum():.2f}")

# %% [markdown]
# Softmax hands to the others what one class loses, so all bars move and the sum stays 1. The sigmoid moves one bar, and its sum is whatever it is.
#
# The two are close relatives. With two classes, softmax is the sigmoid of the difference:

# %% tags=["nbval-check-output"]
print("softmax, positive:        ", reference_softmax(first)[1].round(4))
print("sigmoid of the difference:", reference_sigmoid(first[1] - first[0]).round(4))

# %% [markdown]
# ### More than two classes, from the same BERT
#
# To try this on real text we need a model with topics. The plain encoder, without our fine-tuning, was trained to give sentences of like meaning like vectors. So here is a classifier without any training of ours: compare the vector of a review with the vector of a sentence about each topic.

# %%
encoder = checkpoints.encoder()


def sentence_vectors(texts):
    batch = tokenizer(texts, padding=True, return_tensors="pt").to(encoder.device)
    with torch.no_grad():
        hidden = encoder(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    means = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
    return torch.nn.functional.normalize(means, dim=-1).cpu().numpy()


# %% [markdown]
# The comparison is a dot product. We stretch it and shift it, so that about 0 means "perhaps".

# %% tags=["nbval-check-output"]
id2topic = {0: "acting", 1: "story", 2: "music"}
topics = sentence_vectors(
    ["The acting and the performances.", "The story and the plot.", "The music and the songs."]
)
about = [
    "The lead actor gives the performance of her life.",
    "The plot makes no sense at all.",
    "The cast is splendid and the soundtrack even better.",
    "I had to queue for an hour.",
]
topic_logits = sentence_vectors(about) @ topics.T * 20 - 7
print(topic_logits.round(1))

# %% [markdown]
# Four texts, three classes, real numbers. What does softmax make of the third text, which praises two things, and of the fourth, which is about none?

# %% tags=["nbval-check-output"]
for name, probabilities in (
    ("softmax", reference_softmax(topic_logits)),
    ("sigmoid", reference_sigmoid(topic_logits)),
):
    print(name)
    print(probabilities.round(2))

# %% [markdown]
# Softmax has to give the fourth text a topic. And it makes acting and music rivals in the third. The sigmoid does neither.
#
# ### Exercise · several labels at once (1 point)
#
# Write `decode_multilabel(logits, id2label, threshold=0.5)`. For each text it gives the list of all labels whose own probability is at least `threshold`; a probability of exactly `threshold` counts. The list may be empty.


# %%
def decode_multilabel(logits, id2label, threshold=0.5):
    """For each text, all labels whose own probability reaches the threshold."""
    ### BEGIN SOLUTION
    probabilities = np.exp(-np.logaddexp(0, -logits))  # 1 / (1 + e^-z), without the overflow
    return [
        [id2label[index] for index, probability in enumerate(row) if probability >= threshold]
        for row in probabilities
    ]
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.decode_multilabel.check(decode_multilabel)

# %% tags=["nbval-check-output"]
for line, labels in zip(about, reference_multilabel(topic_logits, id2topic), strict=True):
    print(labels, "·", line)

# %% [markdown]
# ## 4 · A head that has learned nothing
#
# Many tutorials load `bert-base-uncased` with `num_labels=2` and print predictions straight away. **Predict first.** The body of such a model is well trained. What will it say about a rave and about a slating?

# %% tags=["nbval-check-output"]
rave_and_slating = [
    "a gripping , funny and deeply humane film .",
    "the plot is thin , the jokes are thinner .",
]
for seed in range(3):
    untrained = checkpoints.classifier(seed=seed)
    probabilities = reference_softmax(training.predict_logits(untrained, tokenizer, rave_and_slating))
    print("seed", seed, probabilities.round(1).tolist())

# %% [markdown]
# Half and half, for both, at every seed. The two numbers are close to each other because the last layer's weights are random and small. It *has* an opinion, a slight one, and a meaningless one:

# %%
for seed in range(6):
    untrained = checkpoints.classifier(seed=seed)
    logits_of_seed = training.predict_logits(untrained, tokenizer, rave_and_slating)
    print("seed", seed, reference_decode(logits_of_seed, untrained.config.id2label))

# %% [markdown]
# Another seed, another verdict on the same review. When the library says that some weights were "newly initialized" and that you should train the model, this is what it means.
#
# The fine-tuned head, on the same two:

# %%
trained_logits = training.predict_logits(model, tokenizer, rave_and_slating)
print(reference_softmax(trained_logits).round(3))
assert reference_decode(trained_logits, model.config.id2label) == ["positive", "negative"]

# %% [markdown]
# ## 5 · From index to label
#
# The largest logit wins. `argmax` gives its index, and the model's config knows what the index is called:

# %% tags=["nbval-check-output"]
print(model.config.id2label)

# %% [markdown]
# That dict was fixed when the model was trained. Another model may call class 0 *positive*, so names typed by hand are a bug that waits. Three ways to get it wrong, all from published answers. **Predict first:** what does each of the next two cells raise?

# %% tags=["raises-exception", "nbval-check-output"]
winners = logits.argmax(axis=1)
["negative", "positive"][winners]

# %% tags=["raises-exception", "nbval-check-output"]
last_first = logits[::-1]
["negative", "positive"][np.argmax(last_first)]

# %% [markdown]
# A list takes one index at a time, not an array of them. And `argmax` without an axis numbers the cells of the whole batch: it gives one number, and that can lie past the end of the list.
#
# The third way raises nothing, which is worse:

# %% tags=["nbval-check-output"]
other_model = {1: "negative", 0: "positive"}
names = list(other_model.values())
print("by the order of the dict:", [names[index] for index in winners])
print("by its keys:             ", [other_model[index] for index in winners])

# %% [markdown]
# ### Exercise · decode (1 point)
#
# Write `decode(logits, id2label)`: for a batch of logits, the list of labels. `id2label` has whole numbers as keys, in any order.


# %%
def decode(logits, id2label):
    """The label of the largest logit of each text."""
    ### BEGIN SOLUTION
    return [id2label[int(index)] for index in np.argmax(logits, axis=-1)]
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.decode.check(decode)

# %% [markdown]
# Do you need softmax to decode? Try it: does the winner ever change?

# %% tags=["nbval-check-output"]
print("by logits:       ", reference_decode(logits, model.config.id2label))
print("by probabilities:", reference_decode(reference_softmax(logits), model.config.id2label))

# %% [markdown]
# It never does. Softmax keeps the order, so for the label alone you can skip it. You need it to say *how sure*.
#
# ## 6 · One text, many texts
#
# A batch is a rectangle, but texts have different lengths. So the short ones are filled up with `[PAD]`. **Predict first.** Should the prediction for a short text depend on how long its neighbour is?

# %% tags=["nbval-check-output"]
short, long = "a dull film .", "a film that takes its time , " * 6 + "and then takes some more ."
pair = tokenizer([short, long], padding=True, return_tensors="pt").to(model.device)
print("pieces in the batch:", tuple(pair["input_ids"].shape))
print("mask of the short text:", pair["attention_mask"][0].tolist())

# %% [markdown]
# The **attention mask** says which pieces are real (1) and which are padding (0). The tokenizer made it, and `**pair` hands it to the model. Here is the short text alone, in the batch with its mask, and in the batch without:

# %%
alone = tokenizer([short], return_tensors="pt").to(model.device)
with torch.no_grad():
    by_itself = model(**alone).logits[0]
    with_mask = model(**pair).logits[0]
    without_mask = model(input_ids=pair["input_ids"]).logits[0]
for name, row in (("alone", by_itself), ("with mask", with_mask), ("without mask", without_mask)):
    print(f"{name:13}", row.cpu().numpy().round(4))

# %%
assert torch.allclose(by_itself, with_mask, atol=1e-4)
assert not torch.allclose(by_itself, without_mask, atol=1e-2)

# %% [markdown]
# With the mask, the same to four decimals. Without it, the model reads the padding as text, and the logits move. Nothing warns you. If you feed a model by hand, hand over the mask.
#
# ## 7 · Three roads to the same answer
#
# You will meet three ways to get predictions. They look different and hide different things. Here are twelve reviews from the test split, by each of them.
#
# **Called directly.** You have seen it: tokenize, call, take `.logits`.

# %%
twelve = data["test"].select(range(12))
batch = tokenizer(twelve["text"][:], padding=True, return_tensors="pt").to(model.device)
with torch.no_grad():
    direct = model(**batch).logits.cpu().numpy()
print(direct.shape, direct.dtype)

# %% [markdown]
# **By `Trainer.predict`.** It takes a tokenized dataset and gives a `PredictionOutput` with three fields. **Predict first.** Are its `predictions` labels, probabilities or logits?

# %%
import tempfile

from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

folder = tempfile.mkdtemp()
arguments = TrainingArguments(
    output_dir=folder,
    per_device_eval_batch_size=4,
    report_to="none",
    disable_tqdm=True,
    dataloader_pin_memory=False,
)
trainer = Trainer(model=model, args=arguments, data_collator=DataCollatorWithPadding(tokenizer))
tokenized = twelve.map(lambda rows: tokenizer(rows["text"]), batched=True, remove_columns="text")
predicted = trainer.predict(tokenized)

# %% tags=["nbval-check-output"]
print(type(predicted).__name__, predicted._fields)
print("predictions:", predicted.predictions.shape, predicted.predictions.dtype)
print("label_ids:  ", predicted.label_ids.shape)

# %% [markdown]
# Logits. `predict` applies neither softmax nor argmax, whatever its name suggests. `label_ids` are the *true* labels, not the predicted ones; `metrics` holds the loss and the speed.
#
# Much published code no longer gets this far. Two names have changed: `evaluation_strategy` is `eval_strategy` today, and `Trainer(tokenizer=...)` is `Trainer(processing_class=...)`.

# %% tags=["raises-exception", "nbval-check-output"]
TrainingArguments(output_dir=folder, evaluation_strategy="epoch")

# %% [markdown]
# One trap more. If the model gives more than logits, `predictions` is a tuple, and the logits are its first part:

# %% tags=["nbval-check-output"]
model.config.output_hidden_states = True
with_more = trainer.predict(tokenized)
model.config.output_hidden_states = False
print(type(with_more.predictions).__name__, "· first part:", with_more.predictions[0].shape)

# %%
assert np.allclose(with_more.predictions[0], predicted.predictions, atol=1e-4)

# %% [markdown]
# The hidden states made it a tuple, and a tuple has no `argmax`. Look at the type before you decode.
#
# **By `pipeline`.** It does everything, from text to label and score. Its `score` is the softmax of the winner. With `top_k=None` it gives all classes, the likeliest first:

# %%
from transformers import pipeline

classify = pipeline("text-classification", model=model, tokenizer=tokenizer, device=model.device)
classify(twelve["text"][:2], top_k=None)

# %% [markdown]
# Do the three agree?

# %%
labels_direct = reference_decode(direct, model.config.id2label)
labels_trainer = reference_decode(predicted.predictions, model.config.id2label)
piped = classify(twelve["text"][:])
assert labels_direct == labels_trainer == [answer["label"] for answer in piped]
assert np.allclose(direct, predicted.predictions, atol=1e-4)
assert np.allclose(reference_softmax(direct).max(axis=-1), [answer["score"] for answer in piped], atol=1e-4)
print("the same twelve labels, logits and scores:", labels_direct[:4], "…")

# %% [markdown]
# What of a classifier with several labels at once? The pipeline takes softmax unless it is told otherwise. Tell it, and the scores of one text no longer share out 1:

# %%
scores = classify(text, function_to_apply="sigmoid", top_k=None)
print("sum of the scores:", round(sum(answer["score"] for answer in scores), 2))

# %% [markdown]
# ## 8 · When in doubt, leave it out
#
# Now the whole test split: 1,000 reviews that the model has not seen. The next cell takes some seconds; `predict_logits` sorts the texts by length, so that little is spent on padding.

# %%
test_logits = training.predict_logits(model, tokenizer, data["test"]["text"][:])
labels = np.array(data["test"]["label"][:])
probabilities = reference_softmax(test_logits)
correct = probabilities.argmax(axis=-1) == labels
low, high = wilson_interval(int(correct.sum()), len(correct))
print(f"accuracy {correct.mean():.3f}, 95 % interval {low:.3f} to {high:.3f}")

# %%
assert correct.mean() > 0.79, "the model should get about four of five right"

# %% [markdown]
# The interval is there because 1,000 reviews are a sample. Another thousand would give another number, and the interval says how far off it may be. Differences smaller than that mean little.
#
# About one in six is wrong. In some uses a wrong answer costs more than no answer. Then let the model **abstain** where it is not sure: answer only where the largest probability reaches a threshold.
#
# **Predict first.** Advice that you can read in many places: "use a threshold of 0.8 to raise accuracy". What does it not say?

# %%
plots.coverage(probabilities, labels)

# %% [markdown]
# Read the curve from right to left. At the right end every review gets an answer. Going left, the doubtful ones drop out, and the answers that remain are right more often. Both numbers belong together: the accuracy of what was answered, and the **coverage**, the share that was answered. A threshold alone tells you neither.
#
# ### Exercise · decode or abstain (2 points)
#
# Write `decode_or_abstain(probabilities, id2label, threshold)`: a list with a label for each text, and `None` where the largest probability is below `threshold`. A probability of exactly `threshold` is kept.


# %%
def decode_or_abstain(probabilities, id2label, threshold):
    """A label for each text, or None where the model is not sure enough."""
    ### BEGIN SOLUTION
    answers = []
    for row in probabilities:
        winner = int(np.argmax(row))
        answers.append(id2label[winner] if row[winner] >= threshold else None)
    return answers
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.decode_or_abstain.check(decode_or_abstain)

# %% [markdown]
# Which reviews does the model leave out at 0.6? Read a few. Would *you* know?

# %%
answers = reference_abstain(probabilities, model.config.id2label, 0.6)
left_out = [index for index, answer in enumerate(answers) if answer is None]
print(len(left_out), "of", len(answers), "left out, such as")
for index in left_out[:5]:
    print(" ·", data["test"]["text"][index])

# %% [markdown]
# ## 9 · Which mistakes, and how many of each?
#
# One number hides which way a model errs. The **confusion matrix** shows it: a row for each true class, a column for each predicted one.
#
# **Predict first.** Five reviews are truly 0, 0, 0, 1, 1 and predicted as 0, 0, 1, 1, 0. Which cell of the matrix counts the third review?

# %% tags=["nbval-check-output"]
print(reference_matrix([0, 0, 0, 1, 1], [0, 0, 1, 1, 0], n_classes=2))

# %% [markdown]
# Row 0, column 1: truly negative, called positive. The diagonal holds what is right.
#
# ### Exercise · confusion matrix (2 points)
#
# Write `confusion_matrix(labels, predictions, n_classes)`. It gives an array [n_classes, n_classes] of counts, true classes in rows. A class may be missing from the examples; its row and column are there all the same.


# %%
def confusion_matrix(labels, predictions, n_classes):
    """Counts, with true classes in rows and predicted classes in columns."""
    ### BEGIN SOLUTION
    matrix = np.zeros((n_classes, n_classes), dtype=int)
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label, prediction] += 1
    return matrix
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.confusion_matrix.check(confusion_matrix)

# %% [markdown]
# On the 1,000 reviews. Does the model err more often one way than the other?

# %%
predictions = probabilities.argmax(axis=-1)
matrix = reference_matrix(labels, predictions, n_classes=2)
plots.confusion(matrix, ["negative", "positive"])

# %% [markdown]
# Two questions can be asked about each class.
#
# - **Precision**: of those that were *called* positive, how many are? It reads down a column.
# - **Recall**: of those that *are* positive, how many were found? It reads along a row.
#
# Either is easy to have alone. Call everything positive, and recall is 1. Call one sure thing positive, and precision is 1. **F1** is the harmonic mean of the two, and is high only when both are:
#
# $$ F_1 = \frac{2 P R}{P + R} $$
#
# **Predict first.** Precision 1, recall 0.02. The ordinary mean is 0.51. And F1?

# %% tags=["nbval-check-output"]
precision, recall = 1.0, 0.02
print("ordinary mean:", (precision + recall) / 2)
print("F1:           ", round(2 * precision * recall / (precision + recall), 3))

# %% [markdown]
# ### Exercise · precision, recall and F1 (2 points)
#
# Write `precision_recall_f1(matrix)`. From a confusion matrix it gives three arrays, each with one number for each class. A figure that would be 0 / 0 is 0.


# %%
def precision_recall_f1(matrix):
    """Three arrays [c]: precision, recall and F1 of each class."""
    ### BEGIN SOLUTION
    hits = np.diag(matrix)
    predicted = matrix.sum(axis=0)
    actual = matrix.sum(axis=1)
    precision = hits / np.maximum(predicted, 1)
    recall = hits / np.maximum(actual, 1)
    f1 = 2 * hits / np.maximum(predicted + actual, 1)
    return precision, recall, f1
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.precision_recall_f1.check(precision_recall_f1)

# %%
for name, figure in zip(("precision", "recall", "F1"), reference_figures(matrix), strict=True):
    print(f"{name:9} negative {figure[0]:.3f}   positive {figure[1]:.3f}")

# %% [markdown]
# ### Move the threshold
#
# A threshold can decide two things. In section 8 it decided *whether to answer*. For two classes it can also decide *which answer*: call a review positive where the probability of positive reaches the threshold. `argmax` is the same with 0.5.
#
# **Predict first.** Call a review positive only from 0.9 on. Which rises, precision or recall? And from 0.1 on?
#
# Choose "positive or negative", drag the line, and **read the reviews that change side**: would you have put them there?

# %% tags=["demo"]
names = [model.config.id2label[index] for index in range(2)]
ThresholdExplorer(probabilities, labels, data["test"]["text"][:], names, threshold=0.6)

# %%
for threshold in (0.1, 0.5, 0.9):
    called = (probabilities[:, 1] >= threshold).astype(int)
    figures = [figure[1] for figure in reference_figures(reference_matrix(labels, called, n_classes=2))]
    print(
        f"positive from {threshold}: precision {figures[0]:.2f}, recall {figures[1]:.2f}, F1 {figures[2]:.2f}"
    )

# %% [markdown]
# Strict, and what is called positive mostly is; but many are missed. Lenient, and few are missed; but more are called positive that are not. Which is better depends on what a mistake of either kind costs, and no measure knows that.
#
# **Things to try.** Back to "whether to answer at all". Raise the threshold until *no* answer is wrong. How many reviews still get one? The line moves in steps of 0.01; the next cell looks more closely.

# %%
sure = probabilities.max(axis=-1)
surest_mistake = sure[~correct].max()
print(f"The surest mistake has {surest_mistake:.3f}.")
print(f"{np.mean(sure > surest_mistake):.0%} of the reviews have more.")

# %% [markdown]
# ### When one class is rare
#
# Our test split has 500 reviews of each kind. Few problems are so kind. Let us keep all 500 negative reviews and only the first 25 positive ones, and bring in a rival that has not read anything: it always says *negative*.
#
# **Predict first.** How accurate is the rival?

# %% tags=["nbval-check-output"]
keep = np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:25]])
rival = reference_matrix(labels[keep], np.zeros(len(keep), dtype=int), n_classes=2)
print("accuracy of the rival:", round(accuracy(rival), 3))
print("its F1 of each class: ", reference_figures(rival)[2].round(3))

# %% [markdown]
# More than nine in ten, and it can't find a single good film. Accuracy counts each *review* the same, so the common class drowns the rare one.
#
# **Macro F1** counts each *class* the same: work out F1 for each class, then take the mean. A class that never occurs counts as 0. **Micro F1** pools the counts of all classes first, and for one label a text that comes to accuracy again.

# %%
skewed = reference_matrix(labels[keep], predictions[keep], n_classes=2)
print("                 accuracy  micro F1  macro F1")
for name, counts in (("BERT, balanced", matrix), ("BERT, skewed", skewed), ("rival, skewed", rival)):
    print(f"{name:15}  {accuracy(counts):8.3f}  {micro_f1(counts):8.3f}  {reference_macro_f1(counts):8.3f}")

# %%
assert accuracy(rival) > accuracy(skewed), "the rival wins by accuracy"
assert reference_macro_f1(rival) < reference_macro_f1(skewed), "and loses by macro F1"
assert skewed[0, 1] > 25, "BERT's false alarms outnumber the positive reviews"

# %% [markdown]
# By accuracy the rival beats BERT. By macro F1 it doesn't. On balanced data the two measures agree, and it hardly matters which you report; on skewed data it decides who wins.
#
# Note also what happened to BERT itself: the same model, and its macro F1 falls on the skewed split. Its false alarms among the 500 negative reviews now outnumber all 25 positive ones.
#
# ### Exercise · macro F1 (1 point)
#
# Write `macro_f1(matrix)`: one number, the mean over all classes of the matrix. A class that never occurs counts as 0.


# %%
def macro_f1(matrix):
    """The mean of the F1 of all classes."""
    ### BEGIN SOLUTION
    hits = np.diag(matrix)
    f1 = 2 * hits / np.maximum(matrix.sum(axis=0) + matrix.sum(axis=1), 1)
    return f1.mean()
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.macro_f1.check(macro_f1)

# %% [markdown]
# ## 10 · Do the probabilities mean what they say?
#
# Take all reviews for which the model said "0.9 sure". If that is meant, nine of ten of its answers should be right. A model for which this holds at every level is **calibrated**.
#
# Networks often are not. They are trained until they are right, then trained on until they are sure.
#
# To see it, sort the reviews into ten bins by confidence, the largest probability. In each bin compare two numbers: how sure the model was on average, and how often it was right. **Predict first:** where will the points lie if the model is too sure, above the dashed line or below?

# %%
plots.reliability({"as it comes": probabilities}, labels)

# %% [markdown]
# Points below the dashed line: more sure than right. Above: less sure than it could be.
#
# The **expected calibration error** (ECE) makes one number of the picture. In each bin take the gap between mean confidence and accuracy; then average the gaps, each bin weighted by its share of the reviews.
#
# ### Exercise · expected calibration error (3 points)
#
# Write `expected_calibration_error(probabilities, labels, n_bins=10)`.
#
# 1. The confidence of a text is its largest probability; it is right if that class is the label.
# 2. The bins are equally wide from 0 to 1 and closed on the right: with ten bins, a confidence of 0.7 belongs to the bin from 0.6 to 0.7.
# 3. Add up the gaps, each times the share of the texts in its bin. Empty bins add nothing.


# %%
def expected_calibration_error(probabilities, labels, n_bins=10):
    """The mean gap between confidence and accuracy, each bin weighted by its texts."""
    ### BEGIN SOLUTION
    confidence = probabilities.max(axis=-1)
    right = probabilities.argmax(axis=-1) == labels
    error = 0.0
    for index in range(n_bins):
        inside = (confidence > index / n_bins) & (confidence <= (index + 1) / n_bins)
        if inside.any():
            gap = abs(confidence[inside].mean() - right[inside].mean())
            error += gap * inside.mean()
    return error
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.expected_calibration_error.check(expected_calibration_error)

# %%
ex.expected_calibration_error.beside(expected_calibration_error, probabilities, labels)

# %% [markdown]
# ### One number to repair it
#
# You met the temperature in section 2: it makes a model less sure, or more, and never changes its answers. So choose the $T$ for which the probabilities fit best. "Fit" is measured by the **negative log-likelihood**: the mean of $-\log p$ of the *true* class. It is small when the model gives the truth a high probability, and it hurts most where the model is sure and wrong.
#
# Which split may $T$ be chosen on? Not on `train`: the model has seen it, and there it is right almost everywhere. Not on `test`: that one judges. On `validation`.

# %%
validation_logits = training.predict_logits(model, tokenizer, data["validation"]["text"][:])
validation_labels = np.array(data["validation"]["label"][:])
log_probability = np.log(reference_softmax(validation_logits))
rows = np.arange(len(validation_labels))
print("negative log-likelihood at T = 1:", -log_probability[rows, validation_labels].mean().round(4))

# %% [markdown]
# ### Exercise · fit the temperature (2 points)
#
# Write `fit_temperature(logits, labels)`: the $T > 0$ for which `softmax(logits / T)` gives the least negative log-likelihood, right to 0.5 %. Any way of searching will do. $T$ may lie well above 1, or below.


# %%
def fit_temperature(logits, labels):
    """The T > 0 with the least negative log-likelihood."""
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))

    def loss(temperature):
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=-1, keepdims=True)
        log_sum = np.log(np.exp(scaled).sum(axis=-1))
        return (log_sum - scaled[rows, labels]).mean()

    low, high = 0.01, 100.0
    for _ in range(3):
        grid = np.geomspace(low, high, 40)
        best = int(np.argmin([loss(temperature) for temperature in grid]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return (low + high) / 2
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.fit_temperature.check(fit_temperature)

# %% [markdown]
# Chosen on validation, judged on test. Before and after:

# %%
temperature = reference_temperature(validation_logits, validation_labels)
calibrated = reference_softmax(test_logits / temperature)
print(f"T = {temperature:.2f}")
print(
    f"ECE on test: {reference_ece(probabilities, labels):.3f} before, {reference_ece(calibrated, labels):.3f} after"
)
plots.reliability({"as it comes": probabilities, "after temperature scaling": calibrated}, labels)

# %% [markdown]
# And the answers?

# %%
assert (calibrated.argmax(axis=-1) == predictions).all()
print("predictions changed:", int((calibrated.argmax(axis=-1) != predictions).sum()))

# %% [markdown]
# Not one. Accuracy, the confusion matrix and F1 stay as they are. What changes is what "0.9 sure" means, and so what a threshold of 0.9 does.
#
# Here is every $T$ between 0.2 and 5, on the test reviews. The one that was chosen on validation is marked.
#
# **Predict first.** At $T = 5$, will the points lie above the dashed line or below? And how much lower would the ECE be if you had chosen $T$ on the test reviews themselves?

# %% tags=["demo"]
CalibrationExplorer(test_logits, labels, fitted=temperature)

# %%
on_test = reference_temperature(test_logits, labels)
tried = {
    "as it comes": 1.0,
    "chosen on validation": temperature,
    "chosen on test": on_test,
    "far too large": 5.0,
}
for name, t in tried.items():
    shares = reference_softmax(test_logits / t)
    print(
        f"{name:20} T = {t:.2f}  ECE {reference_ece(shares, labels):.3f}  sure {shares.max(axis=-1).mean():.3f}"
    )

# %%
assert reference_softmax(test_logits / 5).max(axis=-1).mean() < correct.mean() - 0.1

# %% [markdown]
# At $T = 5$ they lie above it: the model is right far more often than it says. The last column is how sure it is on average; accuracy is the same in all four lines.
#
# A $T$ chosen on the test reviews has the least negative log-likelihood on *them*, by definition. That is no merit: it has seen the answers. What you may report is the line "chosen on validation".
#
# A word of caution: the ECE of a *perfectly* calibrated model is not 0 on 1,000 reviews, since shares wobble in small bins. Here is how much, by asking a model that is calibrated by construction: its "labels" are drawn from the probabilities themselves.

# %%
generator = np.random.default_rng(0)
wobble = [
    reference_ece(calibrated, (generator.random(len(calibrated)) < calibrated[:, 1]).astype(int))
    for _ in range(200)
]
print(f"ECE by chance alone: {np.mean(wobble):.3f} on average, up to {np.quantile(wobble, 0.95):.3f}")

# %% [markdown]
# Differences within that range are noise.
#
# ## 11 · Read the mistakes
#
# No measure replaces reading. Here are the ten mistakes of which the model was surest. **Read them one by one** and decide for each: is the model wrong, or the label, or can nobody know from this one sentence?

# %%
wrong = np.flatnonzero(predictions != labels)
surest = wrong[np.argsort(-calibrated[wrong].max(axis=-1))][:10]
for index in surest:
    said, truth = (model.config.id2label[int(number)] for number in (predictions[index], labels[index]))
    print(f"said {said} ({calibrated[index].max():.2f}), labelled {truth}")
    print(f"    {data['test']['text'][index]}")

# %% [markdown]
# Things to look for: praise for a part inside a verdict on the whole; irony; "not only" and "neither … nor"; comparisons with other films; a sentence torn out of its review; a label that you would dispute. Each points to another remedy: more training data of that kind, a longer context, or better labels.
#
# ## Recap
#
# - A **logit** is a raw score. Only differences between the logits of one text mean anything.
# - **Softmax** shares out one 1 among the classes of one text. Subtract each text's largest logit first, and mind the axis.
# - Several labels at once: the **sigmoid**, one class at a time.
# - The winner's name comes from the model's own **`id2label`**.
# - `Trainer.predict` gives logits, `pipeline` gives the softmax of the winner, and padding must be masked.
# - A threshold buys accuracy with **coverage**. Report both.
# - On skewed data accuracy flatters; **macro F1** counts every class the same.
# - **Calibration** asks whether "0.9 sure" is right nine times in ten. A **temperature** chosen on validation can repair it without changing an answer.
#
# ## Quiz
#
# Pick a choice, then open it: it says whether it is right, and why. By keyboard: Tab to a choice, Enter to open it. To have your answers kept with your progress, type them instead: `ex.quiz.answer(1, "b")`.

# %%
ex.quiz

# %% [markdown]
# ## Further reading
#
# - C. Guo and others, [On Calibration of Modern Neural Networks](https://arxiv.org/abs/1706.04599), 2017: temperature scaling.
# - Y. Geifman and R. El-Yaniv, [Selective Classification for Deep Neural Networks](https://arxiv.org/abs/1705.08500), 2017: risk and coverage.
# - J. Opitz and S. Burst, [Macro F1 and Macro F1](https://arxiv.org/abs/1911.03347), 2019: two formulas go by one name.
# - J. Devlin and others, [BERT](https://arxiv.org/abs/1810.04805), 2019: the model.
# - The Transformers library on [text classification](https://huggingface.co/docs/transformers/tasks/sequence_classification).
