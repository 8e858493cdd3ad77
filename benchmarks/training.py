"""Our trainer against TRL's SFTTrainer and transformers' Trainer: speed, memory and what was
learned, in one run.

    pip install ".[benchmarks]"
    python benchmarks/training.py [--examples 60] [--epochs 2] [--only ours,trainer,sft,sft-all]

All train on the same examples (a question, the passage that answers it, the answer) with the same
LoRA: rank 16 on all linear modules of the top ten layers. `sft-all` is SFTTrainer with LoRA on
every layer, as one finds it in most tutorials. Each runs in a process of its own, so that its peak
memory is its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Hit
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import harness, metrics
from ftrag_helpers.finetuning import adapters, sft, training_data
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts, retrievers
from ftrag_helpers.retrieval import chunking

CONTENDERS = ("ours", "trainer", "sft", "sft-all")
BATCH = 8


def passages_for(questions):
    """For each question the one passage (some 90 words) that holds its supporting sentence."""
    chunks = {d.id: chunking.chunk(d) for d in course_data.load_documents()}
    return [
        [
            Hit(
                next(
                    p
                    for i in q.reference.documents
                    for p in chunks[i]
                    if any(s in p.text for s in q.reference.support)
                ),
                1.0,
                1,
            )
        ]
        for q in questions
    ]


class SupportingPassages:
    """A retriever that brings `passages_for`."""

    def search(self, questions):
        return [
            retrievers.SearchTrace(question.text, tuple(hits))
            for question, hits in zip(questions, passages_for(questions), strict=True)
        ]


def questions_of(split, count):
    """The first `count` questions of a split, spread over it, whose supporting sentence stands in
    one passage.
    """
    chunks = {d.id: chunking.chunk(d) for d in course_data.load_documents()}
    fit = [
        q
        for q in course_data.load_questions(split, ["direct", "branch"])
        if any(
            s in p.text
            for i in q.reference.documents
            for p in chunks[i]
            for s in q.reference.support
        )
    ]
    return fit[:: max(1, len(fit) // count)][:count]


def examples_of(questions):
    """The questions as training examples."""
    return [
        sft.Example(prompts.from_text(q.text, [h.passage.text for h in hits]), q.reference.answer)
        for q, hits in zip(questions, passages_for(questions), strict=True)
    ]


def train_ours(lm, examples, epochs):
    """Train with `ftrag_helpers.finetuning.sft`; returns the model to ask."""
    config = sft.TrainingConfig(epochs=epochs, batch_size=BATCH)
    with tempfile.TemporaryDirectory() as cache:
        import os

        os.environ["FTRAG_CACHE"] = cache
        return sft.train(lm, examples, config=config, progress=False).lm


def lora_config(layers):
    """The same LoRA as `adapters.Lora()`, on the layers named."""
    from peft import LoraConfig

    lora = adapters.Lora()
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules=list(lora.modules),
        lora_dropout=0.0,
        layers_to_transform=layers,
        task_type="CAUSAL_LM",
    )


def train_sft(lm, examples, epochs, layers):
    """Train with TRL's SFTTrainer, as its documentation shows it."""
    from trl import SFTConfig, SFTTrainer

    from datasets import Dataset

    data = Dataset.from_list(
        [
            {"prompt": e.prompt, "completion": [{"role": "assistant", "content": e.response}]}
            for e in examples
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=lm.model,
            train_dataset=data,
            processing_class=lm.tokenizer,
            peft_config=lora_config(layers),
            args=SFTConfig(
                output_dir=folder,
                num_train_epochs=epochs,
                per_device_train_batch_size=BATCH,
                learning_rate=5e-4,
                save_strategy="no",
                report_to=[],
                use_cpu=True,
                bf16=False,
                disable_tqdm=True,
                logging_strategy="no",
                seed=0,
            ),
        )
        trainer.train()
    return models.LanguageModel(trainer.model.eval(), lm.tokenizer, lm.name)


def train_trainer(lm, examples, epochs, layers):
    """Train with transformers' Trainer and peft, prompt masked, padded to the longest of the
    batch.
    """
    from peft import get_peft_model
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    rows = [sft.encode(lm, e) for e in examples]
    data = [
        {
            "input_ids": list(r.ids),
            "attention_mask": [1] * len(r.ids),
            "labels": [-100] * r.prompt + list(r.ids[r.prompt :]),
        }
        for r in rows
    ]
    model = get_peft_model(lm.model, lora_config(layers))
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            train_dataset=data,
            data_collator=DataCollatorForSeq2Seq(lm.tokenizer),
            args=TrainingArguments(
                output_dir=folder,
                num_train_epochs=epochs,
                per_device_train_batch_size=BATCH,
                learning_rate=5e-4,
                save_strategy="no",
                report_to=[],
                use_cpu=True,
                disable_tqdm=True,
                logging_strategy="no",
                seed=0,
            ),
        )
        trainer.train()
    return models.LanguageModel(model.eval(), lm.tokenizer, lm.name)


def run_one(name, count, epochs):
    """Train with one contender and print its figures as a line of JSON."""
    lm = models.load_language_model()
    examples = examples_of(questions_of("train", count))
    depth = lm.model.config.num_hidden_layers
    top, every = list(range(depth - 10, depth)), list(range(depth))
    started = time.perf_counter()
    tuned = {
        "ours": lambda: train_ours(lm, examples, epochs),
        "trainer": lambda: train_trainer(lm, examples, epochs, top),
        "sft": lambda: train_sft(lm, examples, epochs, top),
        "sft-all": lambda: train_sft(lm, examples, epochs, every),
    }[name]()
    seconds, peak = time.perf_counter() - started, runtime.peak_memory_gb()
    held_out = questions_of("validation", 60)
    rows = harness.evaluate(
        {name: pipeline.rag_pipeline(tuned, SupportingPassages(), progress=False)}, held_out
    )
    tokens = epochs * sum(len(sft.encode(lm, e).ids) for e in examples)
    print(
        "RESULT",
        json.dumps(
            {
                "name": name,
                "seconds": seconds,
                "tokens": tokens,
                "peak": peak,
                "correct": rows.correct.tolist(),
            }
        ),
    )


def matrix_rate():
    """This machine's fp32 matrix-multiply rate in GFLOP/s, on shapes like those of the training."""
    import torch

    left, right = torch.randn(1000, 576), torch.randn(576, 1536)
    for _ in range(20):
        left @ right
    started = time.perf_counter()
    for _ in range(200):
        left @ right
    return 200 * 2 * 1000 * 576 * 1536 / (time.perf_counter() - started) / 1e9


def work_of_ours(count, epochs):
    """The floating-point operations that our trainer needs for the examples, in 10^9: frozen layers
    once, top layers each epoch.
    """
    lm = models.load_language_model()
    rows = [sft.encode(lm, e) for e in examples_of(questions_of("train", count))]
    skip = len(training_data.shared_prefix(rows))
    own, answers = sum(len(r.ids) - skip for r in rows), sum(len(r.ids) - r.prompt for r in rows)
    layer = sum(p.numel() for p in lm.model.model.layers[0].parameters())
    lora = sum(w.numel() for w in adapters.trained_weights(adapters.add_lora(lm)).values())
    below = lm.model.config.num_hidden_layers - 10
    head = lm.model.lm_head.weight.numel()
    return (
        2 * below * layer * own + epochs * ((4 * 10 * layer + 6 * lora) * own + 4 * head * answers)
    ) / 1e9


def main(arguments):
    """Run the contenders one after the other and print the table."""
    runtime.prepare_notebook()
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--only", default=",".join(CONTENDERS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        return run_one(options.one, options.examples, options.epochs)
    rate, results = matrix_rate(), {}
    for name in options.only.split(","):
        done = subprocess.run(
            [
                sys.executable,
                __file__,
                "--one",
                name,
                "--examples",
                str(options.examples),
                "--epochs",
                str(options.epochs),
            ],
            capture_output=True,
            text=True,
        )
        line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT")), None)
        if line is None:
            print(f"{name}: failed\n{done.stderr[-1500:]}")
            continue
        found = results[name] = json.loads(line.removeprefix("RESULT "))
        print(
            f"{name:8} {found['tokens'] / found['seconds']:6.0f} tokens/s  {found['seconds']:6.1f}"
            f" s  peak {found['peak']:.1f} GB  right {metrics.with_interval(found['correct'])}",
            flush=True,
        )
    print(f"matrix multiply {rate:.0f} GFLOP/s before, {matrix_rate():.0f} after")
    if "ours" in results:
        work = work_of_ours(options.examples, options.epochs)
        print(
            f"ours: {work:.0f} GFLOP of needed work, {work / results['ours']['seconds'] / rate:.2f}"
            " of the matrix-multiply rate"
        )
        for name in results.keys() - {"ours"}:
            print(
                f"ours / {name}: {results[name]['seconds'] / results['ours']['seconds']:.1f} times"
                f" the tokens per second, {results['ours']['peak'] / results[name]['peak']:.2f} of"
                " the peak memory"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
