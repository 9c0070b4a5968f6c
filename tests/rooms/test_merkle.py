"""The tree of RFC 6962: roots and proofs, against vectors that others have made and against every small tree."""

from hypothesis import given
from hypothesis import strategies as st

from rooms.proceedings.merkle import EMPTY, Growing, consistency, extends, includes, inclusion, leaf_hash, root_of

# Certificate Transparency's own reference leaves (merkletree test of google/certificate-transparency).
LEAVES = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                         "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
HASHES = [leaf_hash(one) for one in LEAVES]


def prefixes(path: tuple[bytes, ...]) -> list[str]:
    return [one.hex()[:8] for one in path]


def test_the_roots_are_those_of_certificate_transparency() -> None:
    growing = Growing()
    assert growing.root() == root_of([]) == EMPTY
    for leaf, root in zip(HASHES, ROOTS, strict=True):
        growing.add(leaf)
        assert growing.root().hex() == root


def test_the_proofs_are_those_of_certificate_transparency() -> None:
    assert prefixes(inclusion(HASHES, 0)) == ["96a296d2", "5f083f0a", "6b47aaf2"]
    assert prefixes(inclusion(HASHES, 5)) == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert prefixes(inclusion(HASHES[:3], 2)) == ["fac54203"]
    assert prefixes(consistency(HASHES, 1)) == ["96a296d2", "5f083f0a", "6b47aaf2"]
    assert prefixes(consistency(HASHES, 6)) == ["0ebc5d34", "ca854ea1", "d37ee418"]
    assert prefixes(consistency(HASHES[:5], 2)) == ["5f083f0a", "bc1a0643"]


def test_every_leaf_of_every_small_tree_is_proved_at_its_place_and_nowhere_else() -> None:
    for size in range(1, 34):
        hashes = [leaf_hash(bytes([one])) for one in range(size)]
        root = root_of(hashes)
        for place in range(size):
            path = inclusion(hashes, place)
            assert [at for at in range(-1, size + 1) if includes(root, size, at, hashes[place], path)] == [place]


def test_every_small_tree_is_proved_to_begin_every_larger_one() -> None:
    hashes = [leaf_hash(bytes([one])) for one in range(33)]
    for size in range(1, 34):
        for before in range(1, size + 1):
            proof = consistency(hashes[:size], before)
            assert extends(before, root_of(hashes[:before]), size, root_of(hashes[:size]), proof)
            other = [*hashes[: before - 1], leaf_hash(b"other")]
            assert not extends(before, root_of(other), size, root_of(hashes[:size]), proof)


@given(st.data())
def test_a_proof_that_is_changed_anywhere_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 200))
    hashes = [leaf_hash(bytes([one])) for one in range(size)]
    place, before = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    root, old = root_of(hashes), root_of(hashes[:before])
    for proof, holds in (
        (inclusion(hashes, place), lambda path: includes(root, size, place, hashes[place], path)),
        (consistency(hashes, before), lambda path: extends(before, old, size, root, path)),
    ):
        assert holds(proof)
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytearray(proof[at])
        flipped[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
        assert not holds((*proof[:at], bytes(flipped), *proof[at + 1 :]))
        assert not holds((*proof[:at], *proof[at + 1 :]))
        assert not holds((*proof, proof[at]))


@given(
    st.integers(-5, 2**70),
    st.integers(-5, 2**70),
    st.binary(min_size=32, max_size=32),
    st.lists(st.binary(), max_size=70),
)
def test_whatever_comes_as_a_proof_is_answered(one: int, other: int, root: bytes, path: list[bytes]) -> None:
    assert not includes(root, one, other, HASHES[0], path)
    if one != other and one > 0:
        assert not extends(one, root, other, HASHES[0], path)
