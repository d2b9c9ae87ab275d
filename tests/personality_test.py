"""The personality block against a reference with the behaviour of seed 002's `_build_personality_block`, written here from its text:
the three creators of the bundled handbook and made-up profiles with and without each field, at weights from 0 to 1."""
import json
import pathlib
import random
import subprocess
import tempfile
import tomllib
import unittest

import harness

TOOL = harness.TOOLS / "personality_lines"
HANDBOOK = harness.ROOT / "worlds" / "chrysopedia"


def reference_block(name, profile, weight):
    """What the source does, with Python's own rounding and slicing."""
    if weight < 0.2:
        return ""
    vocabulary, tone, markers = (profile.get(key, {}) for key in ("vocabulary", "tone", "style_markers"))
    if weight < 0.4:
        block = [f"When relevant, subtly reference {name}'s communication style."]
    elif weight < 0.6:
        block = [f"Adopt {name}'s tone and communication style."]
    elif weight < 0.8:
        block = [f"Respond as {name} would, using their voice and manner."]
    else:
        block = [f"Fully embody {name} — use their exact phrases, energy, and teaching approach."]

    def say(title, value):
        if value:
            block.append(f"{title}: {value if isinstance(value, str) else ', '.join(value)}.")

    say("Teaching style", tone.get("teaching_style"))
    block.append(f"Match their {tone.get('formality', 'conversational')} {tone.get('energy', 'moderate')} tone.")
    if weight >= 0.4:
        say("Tone", tone.get("descriptors", [])[:5])
        say("Explanation approach", markers.get("explanation_approach"))
        if markers.get("uses_analogies"):
            block.append("Use analogies when helpful.")
        say("Audience engagement", markers.get("audience_engagement"))
    phrases = vocabulary.get("signature_phrases", [])
    if weight >= 0.6:
        say("Use their signature phrases", phrases[:max(2, round(weight * len(phrases)))])
    if weight >= 0.8:
        say("Distinctive terms", vocabulary.get("distinctive_terms"))
        say("Sound descriptions", vocabulary.get("sound_descriptions"))
        say("Sound words", markers.get("sound_words"))
        say("Self-references", markers.get("self_references"))
        say("Pacing", markers.get("pacing"))
    if weight >= 0.9 and profile.get("summary"):
        block.append(profile["summary"])
    return " ".join(block)


def made_up_profile(draw):
    """Each field there or not, lists of 0 to 12 texts."""
    texts = {"vocabulary": [], "tone": ["teaching_style", "energy", "formality"],
             "style_markers": ["explanation_approach", "audience_engagement", "self_references", "pacing"]}
    lists = {"vocabulary": ["signature_phrases", "distinctive_terms", "sound_descriptions"], "tone": ["descriptors"],
             "style_markers": ["sound_words"]}
    profile = {}
    for part in texts:
        table = {key: f"{key} {draw.randint(1, 99)}" for key in texts[part] if draw.random() < 0.7}
        table |= {key: [f"{key} {i}" for i in range(draw.randint(0, 12))] for key in lists[part] if draw.random() < 0.8}
        if part == "style_markers" and draw.random() < 0.7:
            table["uses_analogies"] = draw.random() < 0.5
        if table:
            profile[part] = table
    if draw.random() < 0.7:
        profile["summary"] = "Über {everything}, 50% — \"quoted\"."
    return profile


def as_toml(profile):
    """A JSON text, list or boolean is TOML as it stands."""
    lines = ['system_prompt = "You are somebody."', "[personality]"]
    lines += [f"summary = {json.dumps(profile['summary'], ensure_ascii=False)}"] if "summary" in profile else []
    for part, table in profile.items():
        if part != "summary":
            lines += [f"[personality.{part}]"] + [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


@unittest.skipUnless(TOOL.exists(), f"left out: {TOOL} is not built")
class AgainstTheSource(unittest.TestCase):
    def compare(self, world, creators, weights):
        """`creators`: id -> (display name, profile)."""
        requests = [{"creator": creator, "weight": weight} for creator in creators for weight in weights]
        done = subprocess.run([TOOL, world], input="".join(json.dumps(request) + "\n" for request in requests), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        blocks = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(blocks), len(requests))
        for request, block in zip(requests, blocks):
            name, profile = creators[request["creator"]]
            self.assertEqual(block, reference_block(name, profile, request["weight"]), request)
        return len(blocks)

    def test_the_creators_of_the_handbook(self):
        creators = {}
        for path in sorted((HANDBOOK / "characters").glob("*.toml")):
            character = tomllib.loads(path.read_text())
            creators[character["id"]] = (character["display_name"], character["personality"])
        self.assertEqual(len(creators), 3)
        self.assertEqual(self.compare(HANDBOOK, creators, [step * 0.05 for step in range(21)] + [step / 20 for step in range(21)]), 126)

    def test_made_up_profiles(self):
        draw = random.Random(2)
        profiles = {f"c{number}": made_up_profile(draw) for number in range(60)}
        weights = [step / 100 for step in range(101)] + [0.625, 0.6875, 0.199999999, 0.8999999999999999]
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "characters").mkdir()
            for creator, profile in profiles.items():
                (pathlib.Path(folder) / "characters" / f"{creator}.toml").write_text(as_toml(profile))
            # A character without a display name is called by its id.
            self.compare(folder, {creator: (creator.capitalize(), profile) for creator, profile in profiles.items()}, weights)


if __name__ == "__main__":
    unittest.main()
