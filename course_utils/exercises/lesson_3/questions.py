"""The quiz of lesson 3."""

from course_utils.exercises.quiz import Choice, Question, Quiz

quiz = Quiz(
    lesson=3,
    questions=(
        Question(
            "You load a pretrained BERT as a classifier. Which of its weights are not in the checkpoint, and drawn at random?",
            (
                Choice("All of them: the training starts from scratch.", "Then two thousand sentences would not nearly be enough. Pre-training left weights that already know much about words."),
                Choice("The embeddings, since the task has its own vocabulary.", "The vocabulary is the one it was pre-trained with, and so are the rows of the table."),
                Choice("Those of the last linear layer.", "The checkpoint knows nothing of your classes. What is in it need not be trained either: this lesson's pooler was not.", right=True),
            ),
        ),
        Question(
            "Loading says: some weights were newly initialized, `classifier.weight` and `classifier.bias`. What do you do?",
            (
                Choice("Train before you use a prediction.", "The message says which part is random. Until it is trained, the logits say nothing about the text.", right=True),
                Choice("Nothing: it is only a warning.", "It costs nothing to go on, but the predictions are those of a random layer."),
                Choice("Load the checkpoint again.", "The file is whole. It has no weights for this layer and won't have any the second time."),
            ),
        ),
        Question(
            "What stands between the last vector of [CLS] and BERT's logits?",
            (
                Choice("A linear layer and a softmax.", "There is no softmax in the model, and one layer is missing."),
                Choice("A dense layer with tanh, dropout, a linear layer.", "The pooler is the dense layer with tanh. Dropout does nothing in evaluation.", right=True),
                Choice("The mean over all tokens and a linear layer.", "Some models do that, sentence embedders for instance. BERT's head reads [CLS] alone."),
                Choice("Nothing: the logits are the first two numbers of the vector.", "The vector is hundreds of numbers wide, and no number in it stands for a class."),
            ),
        ),
        Question(
            "Before the first step the loss on two classes is 0.69. What does that say?",
            (
                Choice("The model is right for 69 of 100 texts.", "A loss is no share of right answers. An untrained head is right for about half of them."),
                Choice("Something is broken: an untrained model should have a much higher loss.", "A far higher loss would be the sign of something broken: a head that is sure of random answers."),
                Choice("The head gives both classes about a half: the loss is ln 2.", "-ln(1/2) = 0.69. For c classes it begins near ln c, which makes a good first check.", right=True),
            ),
        ),
        Question(
            "A program applies softmax in the model and then `torch.nn.functional.cross_entropy` to the result. What happens?",
            (
                Choice("It raises: cross_entropy wants logits.", "It takes any numbers. That is why the fault stays unseen."),
                Choice("It trains, badly: softmax is applied twice, and the loss can't come near 0.", "For two classes it never falls below 0.31, and the gradients are weak.", right=True),
                Choice("Nothing changes: the softmax of a softmax is the same.", "The softmax of (1, 0) is (0.73, 0.27): sure answers are flattened."),
            ),
        ),
        Question(
            "Why does the learning rate climb from 0 in the first steps?",
            (
                Choice("The new head is random: its first gradients are large and would upset what pre-training left.", "Adam's own averages are young, too. A few small steps first cost little and protect much.", right=True),
                Choice("The processor has to get warm before it is at its full speed.", "The name only sounds like that. The speed of the steps is the same; their size is not."),
                Choice("It lets one train with fewer texts.", "The number of texts stays what it is."),
            ),
        ),
        Question(
            "You fine-tune with a learning rate of 1e-2, and the accuracy stays at one half. What is the likely reason?",
            (
                Choice("The step is too small; try 1e-1.", "1e-2 is some hundred times what is usual for BERT. Larger steps make it worse."),
                Choice("There are too few epochs.", "More steps of this size bring nothing back. Look at the loss: it stands near ln 2."),
                Choice("The steps are so large that they destroy the pretrained weights.", "Usual are 1e-5 to 5e-5, and more for a small model. A model driven so far off rarely comes back.", right=True),
            ),
        ),
        Question(
            "Which parameters does weight decay usually leave alone?",
            (
                Choice("The embeddings.", "They are matrices like others and decay with them."),
                Choice("Biases and LayerNorm's weights.", "They are few, and they shift and scale. A LayerNorm weight pulled towards 0 would switch its unit off.", right=True),
                Choice("The pretrained ones.", "Pretrained matrices decay, too. What counts is what a parameter is, not where it comes from."),
            ),
        ),
        Question(
            "Epoch 1: training loss 0.45, held-out loss 0.42. Epoch 5: training loss 0.05, held-out loss 0.80. What is going on?",
            (
                Choice("The model learns the training texts by heart.", "It gets better on what it has seen and worse on what it hasn't. The weights of an earlier epoch are the better ones.", right=True),
                Choice("The model is not trained enough yet.", "More training lowers the training loss further. Which of the two losses matters to you?"),
                Choice("The held-out texts are harder.", "They were just as hard in epoch 1, and their loss was lower than that of the training texts."),
            ),
        ),
        Question(
            "You freeze the encoder and train the head alone. What do you get?",
            (
                Choice("The same accuracy, faster.", "Faster it is. But the vectors of [CLS] were not made for your task, and now they can't adapt."),
                Choice("A model that over-fits at once.", "The last layer has a few thousand weights at most: little room to learn texts by heart."),
                Choice("A quick baseline, most often a few points or more behind.", "No gradient has to pass through the encoder. It tells you what pre-training alone is worth.", right=True),
            ),
        ),
        Question(
            "In today's transformers, which of these makes a `Trainer` that evaluates after each epoch and reports your metrics?",
            (
                Choice('`evaluation_strategy="epoch"`, `Trainer(tokenizer=…, metrics=…)`', "Three old or invented names. Each is a TypeError today."),
                Choice('`eval_strategy="epoch"`, `Trainer(processing_class=…, compute_metrics=…)`', "The arguments were renamed: `eval_strategy` and `processing_class`. `compute_metrics` is called with predictions and labels.", right=True),
                Choice('`do_eval="epoch"`, `Trainer(tokenizer=…, compute_metrics=…)`', "`do_eval` is yes or no, and `tokenizer` is no argument of `Trainer` any more."),
            ),
        ),
        Question(
            "Nine of ten of your texts are *negative*. Your model is right for 0.90 of them. How good is it?",
            (
                Choice("Very good.", "Compare it with something before you say so: what would a program reach that never reads a text?"),
                Choice("One can't say without the loss.", "The loss helps, but the answer is in the numbers given here."),
                Choice("As good as always saying *negative*.", "That baseline has 0.90 as well. Macro F1 would have told them apart: it is 0.47 for the baseline.", right=True),
            ),
        ),
        Question(
            "A training loop leaves out `optimizer.zero_grad()`. What goes wrong?",
            (
                Choice("Each step uses the sum of all gradients so far.", "`backward()` adds to what is there. The steps soon point where old batches pointed.", right=True),
                Choice("The gradients stay 0, and nothing is learned.", "It is the other way round: nothing sets them to 0."),
                Choice("It raises at the second step.", "It runs, which is why it is hard to find. Adding up is used on purpose, too, for gradient accumulation."),
            ),
        ),
        Question(
            "Twice the same text, twice other logits. Which line is missing?",
            (
                Choice("`torch.no_grad()`", "That saves memory and time. The logits are the same with it and without."),
                Choice("`model.eval()`", "In training mode dropout switches off other numbers each time. `model.train()` turns it on again.", right=True),
                Choice("`torch.manual_seed(0)`", "That would make the noise repeatable. It would still be noise."),
            ),
        ),
        Question(
            "You set `id2label` before you save a classifier. What is it good for?",
            (
                Choice("Accuracy rises, since the model knows what its classes mean.", "The names never enter the computation."),
                Choice("The file gets smaller.", "It is a few letters more in config.json."),
                Choice("Whoever loads it reads *negative*, not LABEL_0, and can't mix up the order.", "The names travel with the weights. The order of the classes is the commonest thing to get lost.", right=True),
            ),
        ),
        Question(
            "`per_device_train_batch_size=8`, `gradient_accumulation_steps=2`, and `accelerate launch` starts 4 processes. How many texts has one step of the optimizer seen?",
            (
                Choice("8", "That is one batch in one process."),
                Choice("64", "8 × 2 × 4. Four times as many as in one process, so there are a quarter of the steps, and the schedule is shorter.", right=True),
                Choice("32", "Four processes with 8 each, but each of them adds up two batches before the step."),
                Choice("16", "Two batches of 8, but four processes do the same with other texts."),
            ),
        ),
    ),
)  # fmt: skip
