"""Hub: send a run to the Hugging Face Hub, or fetch one from there."""

import streamlit as st

from pages.components.hub import forms
from pages.components.shared import lab
from pages.components.text import _


def main() -> None:
    """The account, then upload and download side by side."""
    lab.enter("hub")
    st.title(_("Hub"))
    words = _(
        "The **Hugging Face Hub** is a library of trained models on the internet. Put a run there, for yourself or for "
        "everybody, and fetch runs that others have put there."
    )
    st.markdown(words)
    with st.container(border=True):
        forms.account()
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        forms.upload()
    with right, st.container(border=True):
        forms.download()


main()
